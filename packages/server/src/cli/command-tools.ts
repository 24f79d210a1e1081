import type { Transport } from "@connectrpc/connect";
import type { ReadSettings, Settings } from "../config/index.ts";
import type { Backend } from "./backend.ts";
import type { Output } from "./output.ts";

/** What the commands share. */
export interface CommandEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly print: (text: string) => void;
}

/** What a command does with the store. */
export interface StoreUse {
  /** Whether it makes sense in a store that is empty, so that `--direct` makes one where there is none. Default: it does not. */
  readonly makesStore?: boolean;
}

/** Reaches what a command needs, by its options. */
export interface CommandTools {
  readonly output: Output;
  /** Where files are found, and what stands in them by its name. */
  readonly files: Pick<CommandEnvironment, "cwd" | "env">;
  /** Opens the server or, with `--direct`, the store, and closes it after the work. */
  withBackend<T>(work: (backend: Backend) => Promise<T>, options?: StoreUse): Promise<T>;
  /** URL of the server, where one was given. Throws `bad_request` for what is none. */
  givenUrl(): string | undefined;
  /** Calls a server, for what only a server can do. */
  withServer<T>(work: (transport: Transport, server: { readonly url: string }) => Promise<T>): Promise<T>;
  settings(): Settings;
  /** The settings, with where they came from. */
  readSettings(): ReadSettings;
}
