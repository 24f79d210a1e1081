import { InterposeError } from "@interpose/engine";
import {
  faultOfAggregateType,
  faultOfEventType,
  faultOfName,
  faultOfText,
  MAX_KEY_LENGTH,
  MAX_NAME_LENGTH,
  MAX_VERSION_LENGTH,
} from "./names.ts";
import { isOwnAggregateType, OWN_AGGREGATE_TYPES } from "./own-events.ts";
import { faultOfPayload } from "./payload.ts";
import type { EventToPlan } from "./plan-deliveries.ts";

/** An event to publish. Texts that are empty count as absent. */
export interface NewEvent {
  /** What happened, in segments that dots separate, such as `user.human.added`. */
  readonly type: string;
  /** Type of what it happened to. Default: the first segment of `type`. */
  readonly aggregateType?: string | undefined;
  /** Id of what it happened to. */
  readonly aggregateId: string;
  /** A JSON object. Default: an empty one. */
  readonly payload?: Readonly<Record<string, unknown>> | undefined;
  /** To whom the aggregate belongs. Default: to the instance. */
  readonly resourceOwner?: string | undefined;
  /** Who caused it. Default: the publisher. */
  readonly userId?: string | undefined;
  /** Version of the payload's form. Default: `v1`. */
  readonly version?: string | undefined;
  /** Published again under it, the event is not appended again. */
  readonly idempotencyKey?: string | undefined;
}

/** What completes an event. */
export interface EventDefaults {
  readonly creator: string;
  readonly depth: number;
  /** Largest payload, in bytes of JSON. */
  readonly maxPayloadBytes: number;
}

/**
 * Checks an event and completes it. `field` is its path in the request, for the refusal. Throws `event_invalid`, or `message_too_large` where the payload has more
 * bytes than it may.
 */
export function eventToPlan(event: NewEvent, field: string, defaults: EventDefaults): EventToPlan {
  const { type, aggregateId, payload = {} } = event;
  const aggregateType = given(event.aggregateType) ?? type.split(".", 1)[0] ?? "";
  const { resourceOwner = "", userId = "", version = "", idempotencyKey = "" } = event;
  const check = (name: string, fault: string | undefined): void => {
    if (fault !== undefined) throw eventInvalid(field === "" ? name : `${field}.${name}`, fault);
  };
  check("type", faultOfEventType(type));
  check("aggregate_type", faultOfAggregateType(aggregateType) ?? faultOfOwn(aggregateType));
  check("aggregate_id", faultOfName(aggregateId));
  check("resource_owner", faultOfText(resourceOwner, MAX_NAME_LENGTH));
  check("user_id", faultOfText(userId, MAX_NAME_LENGTH));
  check("version", faultOfText(version, MAX_VERSION_LENGTH));
  check("idempotency_key", faultOfText(idempotencyKey, MAX_KEY_LENGTH));
  const fault = faultOfPayload(payload);
  if (fault) check(`payload${fault.path}`, fault.description);
  refuseLarge(payload, field, defaults.maxPayloadBytes);
  return {
    type,
    aggregateType,
    aggregateId,
    payload,
    creator: given(userId) ?? defaults.creator,
    resourceOwner: given(resourceOwner),
    version: given(version),
    idempotencyKey: given(idempotencyKey),
    depth: defaults.depth,
  };
}

/** A text that counts as absent when it is empty. */
function given(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

function faultOfOwn(aggregateType: string): string | undefined {
  if (!isOwnAggregateType(aggregateType)) return undefined;
  return `"${aggregateType}" is kept for Interpose's own events, as are ${OWN_AGGREGATE_TYPES.join(", ")}. Give another one; without any, it is the first segment of the event's type.`;
}

function refuseLarge(payload: object, field: string, maxBytes: number): void {
  const bytes = Buffer.byteLength(JSON.stringify(payload));
  if (bytes <= maxBytes) return;
  const path = field === "" ? "payload" : `${field}.payload`;
  const description = `has ${bytes} bytes of JSON; at most ${maxBytes} are taken. Send less, or raise events.maxPayloadBytes.`;
  throw new InterposeError("message_too_large", `${path} ${description}`, {
    violations: [{ field: path, description }],
  });
}

/** The refusal of an event that cannot be. */
export function eventInvalid(field: string, description: string): InterposeError {
  return new InterposeError("event_invalid", `${field} ${description}`, { violations: [{ field, description }] });
}
