import type { Settings } from "../config/index.ts";
import type { Backend } from "./backend.ts";
import type { Output } from "./output.ts";

/** Reaches what a command needs, by its options. */
export interface CommandTools {
  readonly output: Output;
  /** Opens the server or, with `--direct`, the store, and closes it after the work. */
  withBackend<T>(work: (backend: Backend) => Promise<T>): Promise<T>;
  settings(): Settings;
}
