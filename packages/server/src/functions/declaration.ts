import type { JsonObject } from "@interpose/engine";

/** A function as it is declared. */
export interface FunctionDeclaration {
  readonly name: string;
  /** What it is for. */
  readonly description: string;
  /** What an input must be, in JSON Schema. Undefined: any object. */
  readonly input?: JsonObject | undefined;
  /** What the replies of its targets must come to, in JSON Schema. Undefined: any object. */
  readonly reply?: JsonObject | undefined;
}

/** Where a function is declared: here, in the settings of the server, or over the API. */
export type FunctionOrigin = "builtin" | "settings" | "api";

/** A function that there is. */
export interface KnownFunction extends FunctionDeclaration {
  readonly origin: FunctionOrigin;
  /** For one of the API: its place in its own history, and the times of its first event and its last one. */
  readonly stored?: { readonly sequence: bigint; readonly createdAt: Date; readonly changedAt: Date } | undefined;
}

/** What a function of one's own may be called. */
export const FUNCTION_NAME = /^[A-Za-z][\w.-]{0,199}$/;
/** Longest description, in characters. */
export const MAX_DESCRIPTION_LENGTH = 1_000;

/** Why a function cannot have a name; undefined when it can. */
export function faultOfFunctionName(name: string): string | undefined {
  if (FUNCTION_NAME.test(name)) return undefined;
  const shown = name.length > 80 ? `${name.slice(0, 80)}…` : name;
  return `"${shown}" is no name of a function. Use up to 200 letters, digits, ".", "_" and "-", the first one a letter.`;
}
