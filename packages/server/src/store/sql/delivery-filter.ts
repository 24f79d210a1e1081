/** How far a delivery is, as it is shown: `waiting` has three forms, by its worker and its queue. */
export type ShownState =
  "blocked" | "queued" | "waiting" | "running" | "held" | "succeeded" | "dead" | "cancelled" | "skipped";

/** Which deliveries are meant: those that fulfil all that is given. */
export interface DeliveryFilter {
  /** Empty: in any. */
  readonly states: readonly ShownState[];
  readonly targetId?: string | undefined;
  readonly executionId?: string | undefined;
  readonly eventType?: string | undefined;
  readonly aggregateType?: string | undefined;
  readonly aggregateId?: string | undefined;
  readonly eventPosition?: bigint | undefined;
  readonly replayOf?: bigint | undefined;
  /** At this time or later. */
  readonly createdAfter?: Date | undefined;
  readonly createdBefore?: Date | undefined;
  /** Only these, by their ids. */
  readonly among?: readonly bigint[] | undefined;
  /** What of the ids is looked at, both ends included: see `idsOfTimes()`. */
  readonly ids?: { readonly from: bigint; readonly to: bigint } | undefined;
}

/** Whether the queue `q` lets nobody be told. */
export const QUEUE_IS_HELD = "(q.paused_at is not null or q.breaker_opened_at is not null)";

const IS_HELD = `exists (select from interpose.queues q where q.instance_id = d.instance_id and q.target_id = d.target_id and ${QUEUE_IS_HELD})`;
const UNCLAIMED = "d.claimed_by is null";
/** The forms of `waiting`. */
const FORMS: Readonly<Partial<Record<ShownState, string>>> = {
  waiting: `(${UNCLAIMED} and not ${IS_HELD})`,
  running: "d.claimed_by is not null",
  held: `(${UNCLAIMED} and ${IS_HELD})`,
};
const ALL_FORMS = Object.keys(FORMS).length;

/** A part of a statement: what it adds to `from interpose.deliveries d`, and what must hold. */
export interface DeliveryConditions {
  readonly joins: string;
  readonly where: string;
}

/** A filter as SQL. States are written out, so that PostgreSQL sees which of its partial indexes serve. `parameter` takes a value and answers its name. */
export function deliveryConditions(
  instanceId: string,
  filter: DeliveryFilter,
  parameter: (value: unknown) => string,
): DeliveryConditions {
  const instance = parameter(instanceId);
  const where = [`d.instance_id = ${instance}`];
  const ofEvent: string[] = [];
  const add = (to: string[], comparison: string, value: unknown): void => {
    if (value !== undefined) to.push(`${comparison} ${parameter(value)}`);
  };
  if (filter.states.length > 0) where.push(...conditionsOfStates([...new Set(filter.states)]));
  add(where, "d.target_id =", filter.targetId);
  add(where, "d.execution_id =", filter.executionId);
  add(where, "d.event_position =", filter.eventPosition);
  add(where, "d.replay_of =", filter.replayOf);
  add(where, "d.created_at >=", filter.createdAfter);
  add(where, "d.created_at <", filter.createdBefore);
  if (filter.among) where.push(`d.id = any (${parameter(filter.among)}::bigint[])`);
  add(where, "d.id >=", filter.ids?.from);
  add(where, "d.id <=", filter.ids?.to);
  add(ofEvent, "e.type =", filter.eventType);
  add(ofEvent, "e.aggregate_type =", filter.aggregateType);
  add(ofEvent, "e.aggregate_id =", filter.aggregateId);
  return {
    joins: ofEvent.length === 0 ? "" : "join interpose.events e on e.position = d.event_position",
    where: [...where, ...(ofEvent.length === 0 ? [] : [`e.instance_id = ${instance}`, ...ofEvent])].join(" and "),
  };
}

function conditionsOfStates(states: readonly ShownState[]): readonly string[] {
  const forms = states.flatMap((state) => FORMS[state] ?? []);
  const others = states.filter((state) => FORMS[state] === undefined);
  const stored = [...others, ...(forms.length > 0 ? ["waiting"] : [])].map((state) => `'${state}'`);
  const isStored = stored.length === 1 ? `d.state = ${stored.join()}` : `d.state in (${stored.join(", ")})`;
  if (forms.length === 0 || forms.length === ALL_FORMS) return [isStored];
  return [isStored, `(d.state <> 'waiting' or ${forms.join(" or ")})`];
}
