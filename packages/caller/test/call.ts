import assert from "node:assert/strict";
import type { CallFailure, Exchange, Target, TargetRequest } from "@interpose/engine";
import type { TargetCallerOptions } from "../src/options.ts";
import { createTargetCaller } from "../src/target-caller.ts";

/** Networks that tests let targets live in. */
export const LOOPBACK = ["127.0.0.0/8", "::1/128"];

/** A request of a target, with what a test does not care about filled in. */
export function request(
  endpoint: string,
  given: Partial<Target> = {},
  payload: TargetRequest["payload"] = { a: "ü" },
): TargetRequest {
  const target: Target = {
    id: "1",
    name: "t",
    type: "call",
    endpoint,
    timeoutMs: 2_000,
    interruptOnError: true,
    dialect: "v3alpha",
    ...given,
  };
  return { id: "17-1", target, payload };
}

/** Calls once and closes. */
export async function call(
  sent: TargetRequest,
  options: Partial<TargetCallerOptions> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Exchange> {
  const caller = createTargetCaller({ egressAllow: LOOPBACK, ...options });
  try {
    return await caller.call(sent, signal);
  } finally {
    await caller.close();
  }
}

/** Asserts that an exchange failed in the given way. */
export function assertFailed(exchange: Exchange, failure: CallFailure, status?: number): void {
  assert.ok(exchange.kind === "failed", JSON.stringify(exchange));
  assert.equal(exchange.failure, failure, exchange.detail);
  assert.equal(exchange.status, status);
}
