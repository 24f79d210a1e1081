import { isJsonObject, type HiddenPlace, type JsonObject, type JsonValue } from "@interpose/engine";
import { JsonFault } from "../json/json-fault.ts";
import { pairItems } from "./pair-items.ts";

/** JSON of no type, as `google.protobuf.Struct` holds it, without what is hidden. Lists have no level of their own. */
export function shownDynamic(place: HiddenPlace, json: JsonValue): JsonValue {
  if (place.isEnd) return json;
  if (Array.isArray(json)) return (json as readonly JsonValue[]).map((item) => shownDynamic(place, item));
  if (!isJsonObject(json)) return json;
  return Object.fromEntries(
    Object.entries(json).flatMap(([key, value]) => {
      const next = place.next(key);
      return next.isHidden ? [] : [[key, shownDynamic(next, value)] as const];
    }),
  );
}

/** Whether JSON of no type holds something that is hidden. */
export function dynamicHolds(place: HiddenPlace, json: JsonValue): boolean {
  if (place.isEnd) return false;
  if (Array.isArray(json)) return (json as readonly JsonValue[]).some((item) => dynamicHolds(place, item));
  if (!isJsonObject(json)) return false;
  return Object.entries(json).some(([key, value]) => {
    const next = place.next(key);
    return next.isHidden || dynamicHolds(next, value);
  });
}

/**
 * JSON of no type with the hidden values of what it was. `after` has none of its own. Undefined: it was taken out, or is not there yet. Throws JsonFault
 * where `after` has no place for them.
 */
export function carryDynamic(
  place: HiddenPlace,
  before: JsonValue,
  after: JsonValue | undefined,
): JsonValue | undefined {
  if (!dynamicHolds(place, before)) return after;
  if (Array.isArray(before)) return carriedList(place, before as readonly JsonValue[], after);
  if (after !== undefined && after !== null && !isJsonObject(after))
    throw new JsonFault("", "an object, in which fields are hidden", undefined);
  return carriedObject(place, before as JsonObject, after ?? {});
}

function carriedObject(place: HiddenPlace, before: JsonObject, after: JsonObject): JsonObject {
  const made = new Map(Object.entries(after));
  for (const [key, value] of Object.entries(before)) {
    const next = place.next(key);
    const carried = next.isHidden ? value : carryDynamic(next, value, made.get(key));
    if (carried !== undefined) made.set(key, carried);
  }
  return Object.fromEntries(made);
}

function carriedList(place: HiddenPlace, before: readonly JsonValue[], after: JsonValue | undefined): JsonValue {
  const items = Array.isArray(after) ? [...(after as readonly JsonValue[])] : [];
  const pairs = pairItems(
    before.map((item) => JSON.stringify(shownDynamic(place, item))),
    items.map((item) => JSON.stringify(item)),
    (i) => dynamicHolds(place, before[i] ?? null),
  );
  for (const { from, to } of pairs) items[to] = carryDynamic(place, before[from] ?? null, items[to]) ?? null;
  return items;
}
