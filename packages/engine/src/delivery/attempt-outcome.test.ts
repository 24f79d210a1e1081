import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CallFailure } from "../call.ts";
import { attemptOutcome, countsAsFailure, type AttemptExchange } from "./attempt-outcome.ts";

const replied = (body = "", status = 200): AttemptExchange => ({ kind: "replied", status, body });
const answered = (status: number, retryAfterMs?: number): AttemptExchange => ({
  kind: "failed",
  failure: "status",
  status,
  retryAfterMs,
});
const failed = (failure: CallFailure): AttemptExchange => ({ kind: "failed", failure });

/** Decision, delay or reason, sign, and whether it counts, in one line. */
function shown(exchange: AttemptExchange, failures = 0): string {
  const outcome = attemptOutcome(exchange, { failures, retryDelaysMs: [1_000, 2_000], random: 0.5 });
  const { decision, sign } = outcome;
  const more =
    decision.kind === "retry" ? ` ${decision.delayMs}` : decision.kind === "dead" ? ` ${decision.reason}` : "";
  const slow = sign.kind === "slow" && sign.retryAfterMs !== undefined ? ` ${sign.retryAfterMs}` : "";
  return `${decision.kind}${more}, ${sign.kind}${slow}${countsAsFailure(outcome) ? ", counted" : ""}`;
}

describe("attemptOutcome()", () => {
  const cases: readonly [what: string, exchange: AttemptExchange, failures: number, expected: string][] = [
    ["2xx", replied(), 0, "succeeded, works"],
    ["2xx with any body", replied("<html>", 202), 5, "succeeded, works"],
    ["2xx with an object", replied('{"a":1}'), 0, "succeeded, works"],
    ["a wish to refuse", replied('{"forwardedStatusCode":400}'), 0, "dead refused, works, counted"],
    ["a text that refuses", replied('{"forwardedErrorMessage":"no"}'), 0, "dead refused, works, counted"],
    ["500", answered(500), 0, "retry 1000, fails, counted"],
    ["500 again", answered(500), 1, "retry 2000, fails, counted"],
    ["500 at last", answered(500), 2, "dead status, fails, counted"],
    ["500 with Retry-After", answered(500, 60_000), 0, "retry 60000, fails, counted"],
    ["429", answered(429), 0, "retry 1000, slow, counted"],
    ["429 with Retry-After", answered(429, 5_000), 0, "retry 5000, slow 5000, counted"],
    ["503 at last", answered(503, 5_000), 2, "dead status, slow 5000, counted"],
    ["410", answered(410), 0, "held, gone"],
    ["410 after failures", answered(410), 2, "held, gone"],
    ["404", answered(404), 0, "retry 1000, fails, counted"],
    ["an address outside the rules", failed("egress_denied"), 0, "dead egress_denied, nothing, counted"],
    ["too large a payload", failed("payload_too_large"), 0, "dead payload_too_large, nothing, counted"],
    ["being given up", failed("cancelled"), 2, "retry 0, nothing"],
  ];
  for (const [what, exchange, failures, expected] of cases)
    it(`makes "${expected}" of ${what}`, () => assert.equal(shown(exchange, failures), expected));

  const retried = [
    ...(["dns", "connect", "tls", "timeout", "exchange", "redirect", "reply_too_large", "deadline"] as const),
    ...(["unsealable", "authorization"] as const),
  ];
  for (const failure of retried)
    it(`tries again after ${failure}`, () => assert.equal(shown(failed(failure)), "retry 1000, fails, counted"));
});
