import { InterposeError } from "@interpose/engine";
import type * as v2 from "@interpose/protocol/gen/zitadel/filter/v2/filter_pb";
import type * as v2beta from "@interpose/protocol/gen/zitadel/filter/v2beta/filter_pb";

const DEFAULT_LIMIT = 100;
const LARGEST_LIMIT = 1000;

/** Which part of a list is wanted, and in what direction. */
export interface Page {
  readonly offset: bigint;
  /** From 1 to 1000. */
  readonly limit: number;
  readonly ascending: boolean;
}

/** Reads which part of a list is wanted: by default the first 100, descending. Throws `bad_request` for a limit beyond 1000. */
export function pageFromProto(given: v2beta.PaginationRequest | v2.PaginationRequest | undefined): Page {
  const limit = given?.limit ?? 0;
  if (limit > LARGEST_LIMIT) {
    const description = `is ${limit}. Ask for at most ${LARGEST_LIMIT}, and for the rest by the offset`;
    throw new InterposeError("bad_request", `pagination.limit ${description}.`, {
      id: "QUERY-4M0fs",
      key: "Errors.Query.LimitExceeded",
      violations: [{ field: "pagination.limit", description }],
    });
  }
  return { offset: given?.offset ?? 0n, limit: limit === 0 ? DEFAULT_LIMIT : limit, ascending: given?.asc ?? false };
}

/** Writes how a list stands to all that matched. */
export function pageToProto(total: number, { limit }: Page) {
  return { totalResult: BigInt(total), appliedLimit: BigInt(limit) };
}
