import { PURPOSE_HEADER, RUN_HEADER, type DeliveryExchange, type HttpTargetCaller } from "@interpose/caller";
import {
  attemptOutcome,
  completeDeliverySettings,
  type AttemptOutcome,
  type JsonObject,
  type Plan,
  type Target,
} from "@interpose/engine";
import type { Call } from "../call.ts";
import { eventBody } from "../deliveries/payload.ts";
import { beginTryTime } from "./try-caller.ts";
import type { RunChains } from "../hosts/run-chain.ts";

/** What trying an event needs. */
export interface TryEventParts {
  readonly deliver: HttpTargetCaller["deliver"];
  readonly chains: RunChains;
  readonly newId: () => string;
  /** Longest time of all calls together. */
  readonly maxRunMs: number;
}

/** One target that was told of an event. */
export interface ToldTarget {
  readonly target: Target;
  readonly beganMs: number;
  readonly payload: JsonObject;
  readonly exchange: DeliveryExchange;
  /** What would follow, were it a delivery. */
  readonly outcome: AttemptOutcome;
}

/**
 * Tells targets of an event that there is not, each once, in the order of the plan, with the body and headers that a delivery's first attempt has. Nothing is appended or tried
 * again. As with real ones, nobody is told behind an interrupting target that failed.
 */
export async function tryEvent(
  { deliver, chains, newId, maxRunMs }: TryEventParts,
  { type, payload: eventPayload, plan }: { readonly type: string; readonly payload: JsonObject; readonly plan: Plan },
  { instanceId, caller, signal, context }: Call,
): Promise<readonly ToldTarget[]> {
  const id = newId();
  const [aggregateType = type] = type.split(".");
  const body = eventBody(
    {
      aggregateId: "try",
      aggregateType,
      resourceOwner: instanceId,
      version: "",
      sequence: 1n,
      eventType: type,
      createdAt: new Date(),
      creator: caller.userId,
      payload: JSON.stringify(eventPayload),
    },
    instanceId,
  );
  const payload = JSON.parse(body.toString()) as JsonObject;
  const chain = chains.next(context.runHeader, { runId: id, executionId: plan.executionId });
  const headers = { "interpose-attempt": "1", [RUN_HEADER]: chains.sign(chain), [PURPOSE_HEADER]: "try" };
  const told: ToldTarget[] = [];
  const time = beginTryTime(signal, maxRunMs);
  for (const [i, target] of plan.targets.entries()) {
    if (time.signal.aborted) break;
    const beganMs = performance.now();
    const { id: targetId, endpoint, timeoutMs, payloadType, egressAllow } = target;
    const request = {
      targetId,
      id: `${id}-${i + 1}`,
      endpoint,
      timeoutMs,
      payload: body,
      payloadType,
      headers,
      egressAllow,
    };
    const exchange = await deliver(request, time.signal);
    const { retryDelaysMs } = completeDeliverySettings(target.delivery);
    const outcome = attemptOutcome(exchange, { failures: 0, retryDelaysMs, random: 0.5 });
    told.push({ target, beganMs, payload, exchange, outcome });
    if (outcome.failure !== undefined && target.interruptOnError) break;
  }
  time.clear();
  return told;
}
