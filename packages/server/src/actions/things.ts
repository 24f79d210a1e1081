import {
  completeDeliverySettings,
  conditionId,
  type DeliverySettings,
  type ExecutionEntry,
  type JsonValue,
  type TargetId,
} from "@interpose/engine";
import { durationText } from "../duration.ts";
import type { StoredExecution, StoredTarget } from "../store/records.ts";
import type { FunctionRow } from "../store/sql/function-row.ts";
import type { DeclaredTypeRow } from "../store/sql/list-declared-types.ts";
import { nameKey } from "../store/sql/target-row.ts";

/** What a document is about. */
export type ThingKind = "target" | "execution" | "function" | "eventType";

/** The fields of a thing in one form, whatever a document leaves away and however it spells values: equal things have equal fields. */
export type Fields = Readonly<Record<string, JsonValue>>;

/** A thing as there is to be one. */
export interface DesiredThing {
  readonly kind: ThingKind;
  /** What it is the same thing by: name without case, id of the condition, type. */
  readonly key: string;
  readonly name: string;
  /** Where the document says it, such as `executions[2]`. */
  readonly place: string;
  /** All that it may have, but for `paused` of a target, which is there only where the document says it. */
  readonly fields: Fields;
}

/** A thing as there is one. */
export interface CurrentThing {
  readonly kind: ThingKind;
  readonly key: string;
  readonly name: string;
  readonly id: string;
  readonly madeAt: Date;
  readonly fields: Fields;
}

/** An execution as there is one, whose list and shadows are written only when it is known how its targets are called then. */
export interface CurrentExecution extends CurrentThing {
  readonly entries: readonly ExecutionEntry[];
  /** Ids of the targets that are its shadows. */
  readonly shadows: readonly TargetId[];
}

/** What a field is where a document does not say it. */
export const DEFAULTS: Readonly<Record<ThingKind, Fields>> = {
  target: {
    type: "webhook",
    timeout: "10s",
    interruptOnError: false,
    dialect: "v3alpha",
    replyMode: "dialect",
    payloadType: "json",
    ...deliveryFields(undefined),
    egressAllow: [],
    paused: false,
  },
  execution: { runOnErrors: false, hiddenFields: [], fifoBy: null, match: "exact", shadowTargets: [] },
  function: { description: "", input: null, reply: null },
  eventType: { description: "" },
};

/** A field that is a text. */
export function textOf(fields: Fields, field: string): string {
  const value = fields[field];
  if (typeof value !== "string") throw new Error(`the field ${field} is no text`);
  return value;
}

/** The settings of a target's deliveries in the form of a document. */
export function deliveryFields(own: Partial<DeliverySettings> | undefined): Fields {
  const { retryDelaysMs, maxConcurrency, maxPerSecond } = completeDeliverySettings(own);
  return {
    "delivery.retry": retryDelaysMs.map(durationText),
    "delivery.maxConcurrency": maxConcurrency,
    "delivery.maxPerSecond": maxPerSecond,
  };
}

/** A stored target as a thing. */
export function thingOfTarget(target: StoredTarget, paused: boolean): CurrentThing {
  const { id, name, createdAt } = target;
  const fields: Fields = {
    name,
    type: target.type,
    endpoint: target.endpoint,
    timeout: durationText(target.timeoutMs),
    interruptOnError: target.interruptOnError,
    dialect: target.dialect,
    replyMode: target.replyMode ?? "dialect",
    payloadType: target.payloadType ?? "json",
    ...deliveryFields(target.delivery),
    egressAllow: [...(target.egressAllow ?? [])],
    paused,
  };
  return { kind: "target", key: nameKey(name), name, id, madeAt: createdAt, fields };
}

/** A stored execution as a thing. Its list and its shadows are no fields yet. */
export function thingOfExecution({ id, createdAt, options, entries }: StoredExecution): CurrentExecution {
  const { runOnErrors, hiddenFields, fifoBy = null, match = "exact", shadowTargets: shadows = [] } = options;
  const fields: Fields = { runOnErrors, hiddenFields: [...hiddenFields], fifoBy, match };
  return { kind: "execution", key: id, name: id, id, madeAt: createdAt, fields, entries, shadows };
}

/** The fields of an execution that name targets, in the form of a document. */
export function namingFields(
  { entries, shadows }: Pick<CurrentExecution, "entries" | "shadows">,
  nameOf: (targetId: TargetId) => string,
): Fields {
  return { targets: [...entryFields(entries, nameOf)], shadowTargets: shadows.map(nameOf) };
}

/** The list of an execution in the form of a document. */
export function entryFields(
  entries: readonly ExecutionEntry[],
  nameOf: (targetId: TargetId) => string,
): readonly JsonValue[] {
  return entries.map((entry) =>
    "target" in entry ? { target: nameOf(entry.target) } : { include: conditionId(entry.include) },
  );
}

/** A stored function as a thing. */
export function thingOfFunction(row: FunctionRow): CurrentThing {
  const { name, createdAt, description, inputSchema, replySchema } = row;
  const fields: Fields = { description, input: inputSchema, reply: replySchema };
  return { kind: "function", key: name, name, id: name, madeAt: createdAt, fields };
}

/** A declared type of events as a thing. */
export function thingOfEventType({ type, description, declaredAt }: DeclaredTypeRow): CurrentThing {
  return { kind: "eventType", key: type, name: type, id: type, madeAt: declaredAt, fields: { description } };
}
