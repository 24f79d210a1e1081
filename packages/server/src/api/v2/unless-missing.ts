import { InterposeError, type ErrorReason } from "@interpose/engine";

/** What a deletion answers; undefined where there was nothing to delete, which counts as done. */
export async function unlessMissing<T>(missing: ErrorReason, deletion: Promise<T>): Promise<T | undefined> {
  try {
    return await deletion;
  } catch (error) {
    if (error instanceof InterposeError && error.reason === missing) return undefined;
    throw error;
  }
}
