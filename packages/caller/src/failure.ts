import type { CallFailure } from "@interpose/engine";

/** An address that may not be called: nothing was sent. */
export class EgressDenied extends Error {
  override readonly name = "EgressDenied";
}

/** A name that did not resolve. */
export class NameNotResolved extends Error {
  override readonly name = "NameNotResolved";
}

/** A failure of an exchange, with what an operator should know. */
export interface ClassifiedFailure {
  readonly failure: CallFailure;
  readonly detail: string;
}

/** A failure that is known as such where it happens. It has no stack: nobody reads it, and a target that fails is called often. */
export class Failed extends Error {
  override readonly name = "Failed";
  readonly failure: CallFailure;
  readonly status: number | undefined;
  constructor(failure: CallFailure, detail: string, status?: number) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(detail);
    Error.stackTraceLimit = stackTraceLimit;
    this.failure = failure;
    this.status = status;
  }
}

const CONNECT_CODES = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "EACCES",
  "EPERM",
  "EHOSTDOWN",
  "ENETDOWN",
  "UND_ERR_CONNECT_TIMEOUT",
]);
const TLS_CODES = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|EPROTO$)/;

/** Sorts an error of undici, Node or the connector into the engine's kinds of failure. The detail names no URL and no secret. */
export function classifyError(error: unknown): ClassifiedFailure {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    if (each instanceof Failed) return { failure: each.failure, detail: each.message };
    if (each instanceof EgressDenied) return { failure: "egress_denied", detail: each.message };
    if (each instanceof NameNotResolved) return { failure: "dns", detail: each.message };
    if (each instanceof AggregateError && each.errors.length > 0) return classifyError(each.errors[0]);
    const code = codeOf(each);
    if (code === undefined) continue;
    if (code === "ENOTFOUND" || code.startsWith("EAI_")) return { failure: "dns", detail: code };
    if (CONNECT_CODES.has(code)) return { failure: "connect", detail: code };
    if (TLS_CODES.test(code)) return { failure: "tls", detail: code };
  }
  return { failure: "exchange", detail: codeOf(error) ?? (error instanceof Error ? error.name : "unknown error") };
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
