import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "@interpose/protocol/gen/google/rpc/error_details_pb";
import { isOfExecution } from "./bypass.ts";

/** What went wrong with a call, for people. */
export interface Problem {
  /** What kind of thing it is, in a few words. */
  readonly title: string;
  /** The server's own text: what was wrong, where, and what to do. */
  readonly text: string;
  /** The reason as docs/api.md lists it, such as TARGET_NOT_FOUND. */
  readonly reason: string | undefined;
  /** What is wrong with single fields, by their paths such as retry.delays[0]. */
  readonly violations: ReadonlyMap<string, string>;
  /** Whether the same call may succeed later. */
  readonly mayPass: boolean;
}

const TITLES: Partial<Record<Code, string>> = {
  [Code.InvalidArgument]: "Something needs to be mended",
  [Code.NotFound]: "Not found",
  [Code.AlreadyExists]: "There is one already",
  [Code.PermissionDenied]: "Not allowed",
  [Code.Unauthenticated]: "Not signed in",
  [Code.FailedPrecondition]: "Not possible as things stand",
  [Code.Aborted]: "Somebody else was quicker",
  [Code.ResourceExhausted]: "Too much at once",
  [Code.Unavailable]: "The server cannot be reached",
  [Code.Unknown]: "The server cannot be reached",
  [Code.DeadlineExceeded]: "It took too long",
};

/** Reads an error of a call. */
export function problemFrom(error: unknown): Problem {
  const failure = ConnectError.from(error);
  const [info] = failure.findDetails(ErrorInfoSchema);
  const violations = failure.findDetails(BadRequestSchema).flatMap(({ fieldViolations }) => fieldViolations);
  const isAway = info === undefined && (failure.code === Code.Unavailable || failure.code === Code.Unknown);
  return {
    title: isOfExecution(info?.reason) ? "An execution is in the way" : (TITLES[failure.code] ?? "The server failed"),
    text: isAway
      ? "Whether it runs, and whether the network is there, is the first thing to look at. Nothing is lost here."
      : failure.rawMessage,
    reason: info?.reason,
    violations: new Map(violations.map(({ field, description }) => [field, description])),
    mayPass:
      isAway ||
      failure.code === Code.Unavailable ||
      failure.code === Code.DeadlineExceeded ||
      failure.code === Code.ResourceExhausted,
  };
}
