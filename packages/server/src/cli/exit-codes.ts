import { Code, ConnectError } from "@connectrpc/connect";
import { InterposeError, type RpcCode } from "@interpose/engine";
import { ErrorInfoSchema } from "@interpose/protocol/gen/google/rpc/error_details_pb";

/** What the command line ends with. Stable: scripts rely on it. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  notAllowed: 4,
  unreachable: 5,
  settings: 6,
  problems: 7,
  changes: 8,
} as const;

/** The exit codes for `--help`. */
export const EXIT_HELP = `Exit codes:
  0  done
  1  failed, refused by a target, or refused for another reason than those below
  2  the command line is wrong, or asks for something that cannot be
  3  what it names is not there
  4  no token, or not allowed
  5  the server or its store cannot be reached
  6  a setting is wrong, or the data directory or the port is in use
  7  doctor has found problems
  8  something would change: of plan with --exit-code alone`;

/** Ends a command that has said all there is to say with another code than 0. */
export class Ended extends Error {
  override readonly name = "Ended";
  readonly exitCode: number;
  constructor(exitCode: number) {
    super(`it ends with ${exitCode}`);
    this.exitCode = exitCode;
  }
}

const OF_CODES: Partial<Record<RpcCode, number>> = {
  invalid_argument: EXIT.usage,
  not_found: EXIT.notFound,
  unauthenticated: EXIT.notAllowed,
  permission_denied: EXIT.notAllowed,
  unavailable: EXIT.unreachable,
  deadline_exceeded: EXIT.unreachable,
};

const OF_CONNECT_CODES: Partial<Record<Code, number>> = {
  [Code.InvalidArgument]: EXIT.usage,
  [Code.NotFound]: EXIT.notFound,
  [Code.Unauthenticated]: EXIT.notAllowed,
  [Code.PermissionDenied]: EXIT.notAllowed,
  [Code.Unavailable]: EXIT.unreachable,
  [Code.DeadlineExceeded]: EXIT.unreachable,
};

/** Reasons of errors that a target chose or caused. Its code is about the hook, and not about the command. */
const BY_TARGET = /^TARGET_(FAILED|UNAVAILABLE|TIMED_OUT|REPLY_INVALID|REFUSED)$/;

/** What a command that failed ends with, and what it tells. */
export interface Failure {
  readonly exitCode: number;
  readonly text: string;
}

/** The exit code and the text for whatever a command threw. No stack trace: what a person can do stands in the text. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof InterposeError) {
    const isSetting =
      error.reason === "settings_invalid" || error.reason === "data_dir_in_use" || error.reason === "database_too_new";
    return { exitCode: isSetting ? EXIT.settings : (OF_CODES[error.code] ?? EXIT.failed), text: interposeText(error) };
  }
  if (error instanceof ConnectError) return connectFailure(error);
  const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
  return { exitCode: EXIT.failed, text: `${error instanceof Error ? error.message : String(error)}${code}` };
}

/** A client of the API is not told why the store is away. Who starts a server, or goes to the store directly, is the one to mend it. */
function interposeText(error: InterposeError): string {
  if (error.reason !== "store_unavailable" || !(error.cause instanceof Error)) return error.message;
  return `The database cannot be reached: ${reasonText(error.cause)}. Does it run, and is INTERPOSE_DATABASE_URL right?`;
}

function connectFailure(error: ConnectError): Failure {
  const { code, rawMessage, cause } = error;
  // An error of Node's own: the connection could not be made, or broke. What a server answers has no cause.
  if (cause instanceof Error && "code" in cause) {
    const text = `The server cannot be reached: ${reasonText(cause)}. Is it running, and is --url or INTERPOSE_URL right? With --direct the store is used without a server.`;
    return { exitCode: EXIT.unreachable, text };
  }
  if (/^HTTP \d{3}$/.test(rawMessage)) {
    const text = `What answers is no Interpose: ${rawMessage}. Is --url or INTERPOSE_URL right?`;
    return { exitCode: EXIT.unreachable, text };
  }
  if (error.findDetails(ErrorInfoSchema).some(({ reason }) => BY_TARGET.test(reason)))
    return { exitCode: EXIT.failed, text: `${rawMessage}\nWith --bypass or --direct no target is called.` };
  return { exitCode: OF_CONNECT_CODES[code] ?? EXIT.failed, text: rawMessage };
}

/** Where a name has several addresses, the error for all of them has a text for each, and none of its own. */
function reasonText(error: Error): string {
  if (error instanceof AggregateError) return error.errors.map((each) => (each as Error).message).join(", ");
  return error.message;
}
