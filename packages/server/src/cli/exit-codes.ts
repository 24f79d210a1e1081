import { Code, ConnectError } from "@connectrpc/connect";
import { InterposeError, type RpcCode } from "@interpose/engine";

/** What the command line ends with. Stable: scripts rely on it. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  notAllowed: 4,
  unreachable: 5,
  settings: 6,
} as const;

/** The exit codes for `--help`. */
export const EXIT_HELP = `Exit codes:
  0  done
  1  failed or refused for another reason than those below
  2  the command line was wrong
  3  what it names is not there
  4  no token, or not allowed
  5  the server or its store cannot be reached
  6  a setting is wrong, or the data directory is in use`;

const OF_CODES: Partial<Record<RpcCode, number>> = {
  not_found: EXIT.notFound,
  unauthenticated: EXIT.notAllowed,
  permission_denied: EXIT.notAllowed,
  unavailable: EXIT.unreachable,
  deadline_exceeded: EXIT.unreachable,
};

const OF_CONNECT_CODES: Partial<Record<Code, number>> = {
  [Code.NotFound]: EXIT.notFound,
  [Code.Unauthenticated]: EXIT.notAllowed,
  [Code.PermissionDenied]: EXIT.notAllowed,
  [Code.Unavailable]: EXIT.unreachable,
  [Code.DeadlineExceeded]: EXIT.unreachable,
};

/** The exit code and the text for whatever a command threw. No stack trace: what a person can do stands in the text. */
export function describeFailure(error: unknown): { readonly exitCode: number; readonly text: string } {
  if (error instanceof InterposeError) {
    const isSetting =
      error.reason === "settings_invalid" || error.reason === "data_dir_in_use" || error.reason === "database_too_new";
    return { exitCode: isSetting ? EXIT.settings : (OF_CODES[error.code] ?? EXIT.failed), text: error.message };
  }
  if (error instanceof ConnectError)
    return { exitCode: OF_CONNECT_CODES[error.code] ?? EXIT.failed, text: connectText(error) };
  const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
  return { exitCode: EXIT.failed, text: `${error instanceof Error ? error.message : String(error)}${code}` };
}

function connectText(error: ConnectError): string {
  if (error.code !== Code.Unavailable || !(error.cause instanceof Error)) return error.rawMessage;
  return `The server cannot be reached: ${error.rawMessage}. Is it running, and is --url or INTERPOSE_URL right? With --direct the store is used without a server.`;
}
