import { InterposeError } from "@interpose/engine";

/** Codes of PostgreSQL (appendix A of its manual) after which the same transaction may well succeed. */
const TRANSIENT = new Set(["40001", "40P01"]);
/** Classes and codes that mean that the server cannot be used now: connection, who we are, which database, resources, shutdown, start. */
const UNAVAILABLE = /^(08|28|3D|53|57P)/;
/** Codes of Node's that mean that the server could not be reached, or went away. */
const UNREACHABLE = /^(ECONN|EPIPE|ENOENT|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_)/;
/** A text that PostgreSQL can't store, such as one with a NUL in it. */
const UNSTORABLE = new Set(["22021", "22P05"]);

/** Turns what `pg` throws into an error of ours where a client can do something about it. The rest stays what it is: a fault of our own. */
export function errorFromPostgres(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof InterposeError) return error;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (UNSTORABLE.has(code)) {
    return new InterposeError(
      "bad_request",
      "A text has a character in it that cannot be stored, such as NUL. Take it out.",
      { cause: error },
    );
  }
  const isLost =
    UNAVAILABLE.test(code) ||
    UNREACHABLE.test(code) ||
    /connection terminated|timeout exceeded|query read timeout|client has encountered/i.test(error.message);
  if (!isLost) return error;
  return new InterposeError("store_unavailable", "The database cannot be reached at the moment. Try again shortly.", {
    cause: error,
  });
}

/** Whether the same transaction may succeed when it is begun anew. */
export function isTransient(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" && TRANSIENT.has(error.code);
}

/** Whether a statement failed because a row with the same values of a unique index was there, or was committed meanwhile. */
export function isUniqueViolation(error: unknown, index: string): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    error.code === "23505" &&
    "constraint" in error &&
    error.constraint === index
  );
}
