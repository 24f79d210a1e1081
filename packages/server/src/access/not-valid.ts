import { InterposeError } from "@interpose/engine";

/** One text for all that is wrong with a token. */
export function notValid(cause?: unknown): InterposeError {
  return new InterposeError(
    "unauthenticated",
    "The token is not valid: unknown, expired or revoked. Ask for a new one.",
    { cause },
  );
}
