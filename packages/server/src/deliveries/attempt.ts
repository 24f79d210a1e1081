import { RUN_HEADER, type DeliveryExchange } from "@interpose/caller";
import {
  attemptOutcome,
  completeDeliverySettings,
  countsAsFailure,
  type AttemptOutcome,
  type Target,
} from "@interpose/engine";
import type { ClaimedDelivery } from "../store/sql/claim-deliveries.ts";
import type { EndedAttempt } from "../store/sql/finish-attempts.ts";
import { eventBody } from "./payload.ts";
import type { WorkerContext } from "./worker-parts.ts";

/** An attempt that was made, and what was decided. */
export interface MadeAttempt {
  readonly outcome: AttemptOutcome;
  /** Undefined: nothing was sent before it was given up, and there is nothing to tell of. */
  readonly attempt: (beganMsAgo: number) => EndedAttempt;
  readonly wasSent: boolean;
  readonly beganAt: number;
}

/** Tells a target of an event, once, by the settings that it has now, and decides what follows. Aborting `signal` gives it up. */
export async function makeAttempt(
  { instanceId, chains, deliver }: WorkerContext,
  delivery: ClaimedDelivery,
  target: Target,
  signal: AbortSignal,
): Promise<MadeAttempt> {
  const number = delivery.attempts + 1;
  const beganAt = performance.now();
  const runId = String(delivery.id);
  const chain = { depth: delivery.depth + 1, links: [{ runId, executionId: delivery.executionId }] };
  const headers = {
    "interpose-attempt": String(number),
    [RUN_HEADER]: chains.sign(chain),
  };
  const { id: targetId, endpoint, timeoutMs, payloadType, egressAllow } = target;
  const payload = eventBody(delivery, instanceId);
  const request = { targetId, id: runId, endpoint, timeoutMs, payload, payloadType, headers, egressAllow };
  const exchange = await deliver(request, signal);
  const { retryDelaysMs } = completeDeliverySettings(target.delivery);
  const outcome = attemptOutcome(exchange, { failures: delivery.failures, retryDelaysMs, random: Math.random() });
  return {
    outcome,
    attempt: (beganMsAgo) => endedAttempt(delivery, number, exchange, outcome, beganMsAgo),
    wasSent: exchange.sentHeaders !== undefined,
    beganAt,
  };
}

function endedAttempt(
  { id: deliveryId, gate }: ClaimedDelivery,
  number: number,
  exchange: DeliveryExchange,
  outcome: AttemptOutcome,
  beganMsAgo: number,
): EndedAttempt {
  const { decision, failure } = outcome;
  const { address, status, connectMs, firstByteMs, durationMs, replyBytes, reply } = exchange;
  return {
    deliveryId,
    number,
    gate,
    beganMsAgo,
    url: exchange.url ?? "",
    address,
    requestHeaders: exchange.sentHeaders ?? {},
    status,
    connectMs,
    firstByteMs,
    durationMs,
    replyBytes,
    reply,
    failure,
    detail: exchange.kind === "failed" ? storable(exchange.detail) : undefined,
    decision: decision.kind,
    delayMs: decision.kind === "retry" ? decision.delayMs : undefined,
    isCounted: countsAsFailure(outcome),
  };
}

/** A text of whatever origin, without what PostgreSQL cannot store. */
function storable(text: string): string {
  return text.replaceAll("\0", "").toWellFormed();
}
