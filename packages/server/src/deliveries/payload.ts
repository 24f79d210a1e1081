import type { ClaimedDelivery } from "../store/sql/claim-deliveries.ts";

/** What an event's body is made of. */
export type DeliveredEvent = Pick<
  ClaimedDelivery,
  | "aggregateId"
  | "aggregateType"
  | "resourceOwner"
  | "version"
  | "sequence"
  | "eventType"
  | "createdAt"
  | "creator"
  | "payload"
>;

/**
 * The body that a target is told of an event by: JSON, the same bytes with each attempt. Its names are those of ZITADEL's events; what is empty is left out. The
 * event's own payload stands in it as the database writes it, so that numbers keep their digits.
 */
export function eventBody(event: DeliveredEvent, instanceId: string): Buffer {
  const { aggregateId, aggregateType, resourceOwner, version, eventType, creator } = event;
  // Concatenated: each delivery needs it, and a list that is joined takes longer.
  const aggregate = member("aggregateID", aggregateId) + member("aggregateType", aggregateType);
  const owner = member("resourceOwner", resourceOwner ?? instanceId) + member("instanceID", instanceId);
  const kind = `${member("version", version)}"sequence":${event.sequence},${member("event_type", eventType)}`;
  const origin = member("created_at", event.createdAt.toISOString()) + member("userID", creator);
  return Buffer.from(`{${aggregate}${owner}${kind}${origin}"event_payload":${event.payload}}`);
}

/** With a comma behind it: the payload comes last, and is always there. */
function member(name: string, value: string): string {
  return value === "" ? "" : `"${name}":${JSON.stringify(value)},`;
}
