import type { CallFailure, Exchange } from "./call.ts";
import { MessageMismatch } from "./message.ts";
import { readReply, type ForwardedRefusal } from "./reply.ts";
import type { Subject } from "./subject.ts";
import type { Target } from "./target.ts";

/** What an exchange means for a subject. */
export type CallResult<S> =
  | { readonly kind: "watched" }
  | { readonly kind: "changed"; readonly subject: S }
  | {
      readonly kind: "failed";
      readonly failure: CallFailure;
      readonly detail: string;
      readonly refusal?: ForwardedRefusal;
    };

/** Reads an exchange: what its reply makes of the subject, or why it failed after all. */
export function resultOf<S extends Subject<S>>(exchange: Exchange, target: Target, subject: S): CallResult<S> {
  if (exchange.kind === "failed") return exchange;
  const reply = readReply(exchange.body);
  if (reply.kind === "refusal") {
    return {
      kind: "failed",
      failure: "refused",
      detail: `asked to refuse with ${reply.refusal.code}`,
      refusal: reply.refusal,
    };
  }
  // A webhook's body has no meaning beyond a refusal.
  if (target.type !== "call" || reply.kind === "empty") return { kind: "watched" };
  if (reply.kind === "not_json")
    return { kind: "failed", failure: "reply_not_json", detail: "the reply is not a JSON object" };
  try {
    const replied = subject.repliedBy(target, reply.json);
    return replied ? { kind: "changed", subject: replied } : { kind: "watched" };
  } catch (error) {
    if (error instanceof MessageMismatch) return { kind: "failed", failure: "reply_mismatch", detail: error.message };
    throw error;
  }
}

/** What is on record of an exchange, whatever it means. */
export function factsOf(exchange: Exchange): {
  readonly status: number | undefined;
  readonly durationMs: number;
  readonly reply: string | undefined;
  readonly failure: CallFailure | undefined;
  readonly detail: string | undefined;
} {
  const { status, durationMs } = exchange;
  return exchange.kind === "replied"
    ? { status, durationMs, reply: exchange.body, failure: undefined, detail: undefined }
    : { status, durationMs, reply: undefined, failure: exchange.failure, detail: exchange.detail };
}
