import { isDeepStrictEqual } from "node:util";
import type { JsonValue } from "@interpose/engine";
import type { Pair } from "./pairs.ts";
import { DEFAULTS, type CurrentThing, type DesiredThing, type Fields, type ThingKind } from "./things.ts";

/** A field that becomes another value. */
export interface FieldChange {
  readonly field: string;
  /** Undefined: there was none. */
  readonly before: JsonValue | undefined;
  /** Undefined: there is none. */
  readonly after: JsonValue | undefined;
  /** Whether others changed it since the document was applied. */
  readonly drifted: boolean;
}

/** One change to one thing. */
export interface Change {
  readonly action: "create" | "update" | "adopt" | "delete";
  readonly kind: ThingKind;
  readonly name: string;
  /** Undefined: it is not there yet. */
  readonly id: string | undefined;
  readonly fields: readonly FieldChange[];
  /** Whether others changed or deleted it since the document was applied. */
  readonly drifted: boolean;
  /** Name of the document that owned what is adopted. */
  readonly formerOwner: string | undefined;
  /** What it becomes. Undefined: it goes. */
  readonly desired: DesiredThing | undefined;
}

/** Something that stands against applying a document. */
export interface Conflict {
  readonly kind: ThingKind;
  readonly name: string;
  readonly description: string;
  readonly fields: readonly FieldChange[];
}

/** What of a thing others may have changed. */
export interface Seen {
  /** The fields as they are, with targets called as they are called now. */
  readonly fields: Fields;
  /** What the document gave them when it was applied last. */
  readonly applied: Fields | undefined;
}

/** The fields of what there is that the document wants to be something else. */
export function changedFields(before: Fields, after: Fields, seen?: Seen): readonly FieldChange[] {
  return Object.entries(after)
    .filter(([field, value]) => !isDeepStrictEqual(value, before[field]))
    .map(([field, value]) => ({
      field,
      before: before[field],
      after: value,
      drifted: seen !== undefined && hasDrifted(field, seen),
    }));
}

/** The fields of something that is made, but for its name, and for those that are as they are by default. */
export function madeFields(kind: ThingKind, after: Fields): readonly FieldChange[] {
  return changedFields(DEFAULTS[kind], after)
    .filter(({ field }) => field !== "name")
    .map((change) => ({ ...change, before: undefined }));
}

/** What becomes of something that the document may change. Undefined: nothing, it is as it should be and the document's own. */
export function changeOf(
  { desired, current, own, owner }: Pair,
  document: string,
  fields: readonly FieldChange[],
): Change | undefined {
  const { kind, name } = desired;
  const change = { kind, name, fields, desired, formerOwner: undefined };
  if (!current) return { ...change, action: "create", id: undefined, drifted: own !== undefined };
  const there = { ...change, id: current.id, drifted: fields.some(({ drifted }) => drifted) };
  if (owner !== document) return { ...there, action: "adopt", formerOwner: owner };
  return fields.length === 0 ? undefined : { ...there, action: "update" };
}

/** The end of something that the document owns and does not name any more. */
export function deletionOf({ kind, name, id }: CurrentThing, seen: Seen): Change {
  const fields = madeFields(kind, seen.fields).map(({ field, after }) => ({
    field,
    before: after,
    after: undefined,
    drifted: hasDrifted(field, seen),
  }));
  const drifted = Object.keys(seen.applied ?? {}).some((field) => hasDrifted(field, seen));
  return { action: "delete", kind, name, id, fields, drifted, formerOwner: undefined, desired: undefined };
}

function hasDrifted(field: string, { fields, applied }: Seen): boolean {
  return applied?.[field] !== undefined && !isDeepStrictEqual(applied[field], fields[field]);
}

/**
 * Changes in the order in which they can be made: what others name comes before those, and goes after them. Executions that go are gone before others are set, which may be as deep as they are
 * allowed to be only without them.
 */
export function inOrder(changes: readonly Change[]): readonly Change[] {
  return changes.toSorted((a, b) => turnOf(a) - turnOf(b));
}

function turnOf({ action, kind }: Change): number {
  const isEnd = action === "delete";
  switch (kind) {
    case "function":
      return isEnd ? 6 : 0;
    case "eventType":
      return isEnd ? 7 : 1;
    case "target":
      return isEnd ? 5 : 2;
    case "execution":
      return isEnd ? 3 : 4;
  }
}
