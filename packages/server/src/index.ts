export { createInterpose } from "./interpose.ts";
export type { Interpose, InterposeOptions, ListenOptions } from "./interpose.ts";
export { InterposeError } from "@interpose/engine";
export type { ErrorReason } from "@interpose/engine";
