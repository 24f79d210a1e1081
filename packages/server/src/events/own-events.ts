/** Types of aggregates whose events are Interpose's own: nobody else can publish any. */
export const OWN_AGGREGATE_TYPES = [
  "target",
  "execution",
  "token",
  "function",
  "event_type",
  "delivery",
  "instance_key",
  "instance_outbound",
] as const;

/** Whose event it is that a command appends. */
export type OwnAggregateType = (typeof OWN_AGGREGATE_TYPES)[number];

/** Types of the events that commands append, in the order in which they are listed. */
export const OWN_EVENT_TYPES = [
  "target.added",
  "target.changed",
  "target.removed",
  "target.paused",
  "target.resumed",
  "target.signing_key.rotated",
  "target.outbound.changed",
  "target.key.added",
  "target.key.activated",
  "target.key.deactivated",
  "target.key.removed",
  "execution.set",
  "execution.options_changed",
  "execution.removed",
  "token.added",
  "token.revoked",
  "event_type.declared",
  "event_type.removed",
  "function.declared",
  "function.changed",
  "function.removed",
  "instance_key.added",
  "instance_outbound.changed",
] as const;

/** What a command can tell of. */
export type OwnEventType = (typeof OWN_EVENT_TYPES)[number];

/** Whether an aggregate's events are Interpose's own. */
export function isOwnAggregateType(type: string): type is OwnAggregateType {
  return (OWN_AGGREGATE_TYPES as readonly string[]).includes(type);
}

/** Whether a type is one of Interpose's own events. */
export function isOwnEventType(type: string): type is OwnEventType {
  return (OWN_EVENT_TYPES as readonly string[]).includes(type);
}
