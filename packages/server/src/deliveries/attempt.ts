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
  /** For the record. Nothing of the exchange itself is in it, since hundreds of results wait to be written. */
  readonly attempt: EndedAttempt;
  /** If not, it was over before there was anything to tell of. */
  readonly wasSent: boolean;
}

/**
 * Tells a target of an event, once, by the settings that it has now, and decides what follows. Aborting `signal` gives it up. The event itself is let go of once its body is made,
 * not when the exchange is over.
 */
export function makeAttempt(
  context: WorkerContext,
  delivery: ClaimedDelivery,
  target: Target,
  signal: AbortSignal,
): Promise<MadeAttempt> {
  const { id, gate, attempts, failures, depth, executionId } = delivery;
  const number = attempts + 1;
  const beganAt = performance.now();
  const runId = String(id);
  const chain = { depth: depth + 1, links: [{ runId, executionId }] };
  const { id: targetId, endpoint, timeoutMs, payloadType, egressAllow } = target;
  const request = {
    targetId,
    id: runId,
    endpoint,
    timeoutMs,
    payload: eventBody(delivery, context.instanceId),
    payloadType,
    headers: { "interpose-attempt": String(number), [RUN_HEADER]: context.chains.sign(chain) },
    egressAllow,
  };
  const { retryDelaysMs } = completeDeliverySettings(target.delivery);
  return endOf(context.deliver(request, signal), { deliveryId: id, number, gate, beganAt }, failures, retryDelaysMs);
}

async function endOf(
  exchanging: Promise<DeliveryExchange>,
  attempt: Pick<EndedAttempt, "deliveryId" | "number" | "gate" | "beganAt">,
  failures: number,
  retryDelaysMs: readonly number[],
): Promise<MadeAttempt> {
  const exchange = await exchanging;
  const outcome = attemptOutcome(exchange, { failures, retryDelaysMs, random: Math.random() });
  return {
    outcome,
    attempt: { ...attempt, ...recordOf(exchange, outcome) },
    wasSent: exchange.sentHeaders !== undefined,
  };
}

function recordOf(
  exchange: DeliveryExchange,
  outcome: AttemptOutcome,
): Omit<EndedAttempt, "deliveryId" | "number" | "gate" | "beganAt"> {
  const { decision, failure } = outcome;
  const { address, status, connectMs, firstByteMs, durationMs, replyBytes, reply } = exchange;
  return {
    url: exchange.url ?? "",
    address,
    requestHeaders: JSON.stringify(exchange.sentHeaders ?? {}),
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
