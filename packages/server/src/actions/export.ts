import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "@interpose/engine";
import { ownersOf, placeOf, thingsOf, type CurrentState } from "./pairs.ts";
import { DEFAULT_DOCUMENT } from "./schema.ts";
import { DEFAULTS, namingFields, type CurrentThing, type Fields, type ThingKind } from "./things.ts";

/** What an export takes. */
export interface ExportOptions {
  /** What this document owns alone. Undefined: everything. */
  readonly ownedBy: string | undefined;
  /** Ids of targets that somebody has paused: what pauses by itself is no wish of anybody's. */
  readonly pausedByHand: ReadonlySet<string>;
}

/** Writes what there is as a document, which changes nothing when it is applied. What is as it is by default is left away. */
export function exportDocument(current: CurrentState, { ownedBy, pausedByHand }: ExportOptions): JsonObject {
  const owners = ownersOf(current);
  const isMeant = (thing: CurrentThing): boolean =>
    ownedBy === undefined || owners.get(placeOf(thing))?.document === ownedBy;
  const names = new Map(current.targets.map(({ id, name }) => [id, name]));
  const naming = new Map<CurrentThing, Fields>(
    current.executions.map((each) => [each, namingFields(each, (id) => names.get(id) ?? id)]),
  );
  const things = thingsOf(current).filter(isMeant);
  const written = (kind: ThingKind, identity: string): JsonObject[] =>
    things
      .filter((thing) => thing.kind === kind)
      .toSorted((a, b) => (a.key < b.key ? -1 : 1))
      .map((thing) => {
        const { paused: _paused, ...fields } = thing.fields;
        return nested({
          [identity]: thing.name,
          ...ofItsOwn(kind, { ...naming.get(thing), ...fields }),
          ...(pausedByHand.has(thing.id) && { paused: true }),
        });
      });
  return {
    name: ownedBy ?? DEFAULT_DOCUMENT,
    ...listed("targets", written("target", "name")),
    ...listed("executions", written("execution", "condition")),
    ...listed("functions", written("function", "name")),
    ...listed("eventTypes", written("eventType", "type")),
  };
}

function listed(name: string, items: readonly JsonObject[]): JsonObject {
  return items.length === 0 ? {} : { [name]: [...items] };
}

/** What is not as it is by default. The type and the time of a target are said always, for people. */
function ofItsOwn(kind: ThingKind, fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([field, value]) => ["type", "timeout"].includes(field) || !isDeepStrictEqual(value, DEFAULTS[kind][field]),
    ),
  );
}

/** Fields such as `delivery.retry` where they stand in a document. */
function nested(fields: Fields): JsonObject {
  const own = Object.entries(fields).filter(([field]) => !field.startsWith("delivery."));
  const delivery = Object.entries(fields).filter(([field]) => field.startsWith("delivery."));
  return Object.fromEntries([
    ...own,
    ...(delivery.length === 0
      ? []
      : [["delivery", Object.fromEntries(delivery.map(([field, value]) => [field.slice("delivery.".length), value]))]]),
  ]) as JsonObject;
}
