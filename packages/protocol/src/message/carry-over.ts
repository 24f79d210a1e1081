import {
  clone,
  create,
  equals,
  fromBinary,
  fromJson,
  toJson,
  type DescField,
  type DescMessage,
  type JsonValue as ProtobufJson,
  type Message,
  type Registry,
} from "@bufbuild/protobuf";
import { anyPack, type Any } from "@bufbuild/protobuf/wkt";
import { reflect, type ReflectList, type ReflectMap, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import type { JsonValue } from "@interpose/engine";
import { JsonFault } from "../json/json-fault.ts";
import { carryDynamic, dynamicHolds } from "./dynamic-json.ts";
import type { HiddenAt, HiddenIn, HiddenInField } from "./hidden-fields.ts";
import { pairItems } from "./pair-items.ts";
import { shownJson } from "./shown-json.ts";

/**
 * Takes over into a message that was made of JSON what JSON could not express: the unknown fields of the message that it was, and its hidden fields. `into`
 * has no hidden values of its own. A message, an entry or a member of a oneof that the JSON took out comes back with what is hidden in it, and nothing else. In lists,
 * an item that is otherwise the same as the one in its place is taken over whole; `pairItems` says what becomes of hidden fields. Throws JsonFault where there is no place for them.
 */
export function carryOver(
  hidden: HiddenIn | undefined,
  from: Message,
  into: Message,
  { schema, registry }: { readonly schema: DescMessage; readonly registry: Registry | undefined },
): Message {
  return carried(hidden, reflect(schema, from), reflect(schema, into), { registry, isNew: false }).message;
}

interface Carrying {
  readonly registry: Registry | undefined;
  /** Whether `into` is another message than `from`, which takes over nothing but what is hidden. */
  readonly isNew: boolean;
}

function carried(
  hidden: HiddenIn | undefined,
  from: ReflectMessage,
  into: ReflectMessage,
  how: Carrying,
): ReflectMessage {
  if (hidden?.form === "json") return carriedJson(hidden, from, into);
  if (hidden?.form === "any") return carriedAny(hidden, from, into, how);
  carryFields(hidden, from, into, how);
  return into;
}

function carryFields(hidden: HiddenIn | undefined, from: ReflectMessage, into: ReflectMessage, how: Carrying): void {
  const unknown = how.isNew ? undefined : from.getUnknown();
  if (unknown) into.setUnknown([...unknown]);
  for (const field of from.fields) {
    if (!from.isSet(field)) continue;
    const found = hidden?.field(field);
    // A hidden member of a oneof stays, whatever other member was set in its place.
    if (found?.isHidden) into.set(field, from.get(field));
    else if (field.fieldKind === "message") carryMessage(found, field, from, into, how);
    else if (field.fieldKind === "list" && field.listKind === "message") carryList(found, field, from, into, how);
    else if (field.fieldKind === "map") carryMap(found, field, from, into, how);
  }
}

function carryMessage(
  found: HiddenAt | undefined,
  field: DescField & { fieldKind: "message" },
  from: ReflectMessage,
  into: ReflectMessage,
  how: Carrying,
): void {
  const was = from.get(field);
  if (into.isSet(field)) {
    const is = into.get(field);
    const now = at(field.name, () => carried(found?.inside, was, is, how));
    // What JSON writes as one value is made anew.
    if (now !== is || found?.inside) into.set(field, now);
  } else if (found?.inside && holdsHidden(found.inside, was, how.registry)) {
    into.set(
      field,
      at(field.name, () => onlyHidden(found.inside, was, how)),
    );
  }
}

/** A message with what is hidden of another, and nothing else. */
function onlyHidden(hidden: HiddenIn | undefined, from: ReflectMessage, how: Carrying): ReflectMessage {
  return carried(hidden, from, reflect(from.desc, create(from.desc)), { ...how, isNew: true });
}

function carryList(
  found: HiddenInField | undefined,
  field: DescField & { fieldKind: "list"; listKind: "message" },
  from: ReflectMessage,
  into: ReflectMessage,
  how: Carrying,
): void {
  const [before, after] = [
    from.get(field) as ReflectList<ReflectMessage>,
    into.get(field) as ReflectList<ReflectMessage>,
  ];
  const inside = found?.inside;
  if (!inside) {
    if (how.isNew) return;
    for (let i = 0; i < Math.min(before.size, after.size); i++) {
      const [was, is] = [before.get(i), after.get(i)];
      if (was && is && isSame(was, is, how)) after.set(i, was);
    }
    return;
  }
  const items = [...before];
  const textOf = (item: ReflectMessage): string => shownText(inside, item, how.registry);
  const pairs = at(field.name, () =>
    pairItems(items.map(textOf), Array.from(after, textOf), (i) => {
      const item = items[i];
      return item !== undefined && holdsHidden(inside, item, how.registry);
    }),
  );
  for (const { from: i, to, isSame } of pairs) {
    const [was, is] = [items[i], after.get(to)];
    if (was && is)
      after.set(to, isSame ? was : at(field.name, () => carried(inside, was, is, { ...how, isNew: true })));
  }
}

function carryMap(
  found: HiddenInField | undefined,
  field: DescField & { fieldKind: "map" },
  from: ReflectMessage,
  into: ReflectMessage,
  how: Carrying,
): void {
  const isOfMessages = field.mapKind === "message";
  if (!isOfMessages && !found?.entry) return;
  const before: ReflectMap = from.get(field);
  const after: ReflectMap = into.get(field);
  for (const [key, was] of before) {
    const { isHidden, inside } = found?.entry?.(String(key)) ?? { isHidden: false, inside: undefined };
    if (isHidden) after.set(key, was);
    else if (isOfMessages) {
      const [value, is] = [was as ReflectMessage, after.get(key) as ReflectMessage | undefined];
      if (is !== undefined)
        after.set(
          key,
          at(field.name, () => carried(inside, value, is, how)),
        );
      else if (inside && holdsHidden(inside, value, how.registry))
        after.set(
          key,
          at(field.name, () => onlyHidden(inside, value, how)),
        );
    }
  }
}

function carriedJson({ place, schema }: HiddenIn, from: ReflectMessage, into: ReflectMessage): ReflectMessage {
  const before = toJson(schema, from.message) as JsonValue;
  if (!dynamicHolds(place, before)) return into;
  const isUnset = schema.typeName === "google.protobuf.Value" && into.oneofCase(onlyOneof(schema)) === undefined;
  const after = isUnset ? undefined : (toJson(schema, into.message) as JsonValue);
  return reflect(schema, fromJson(schema, carryDynamic(place, before, after) as ProtobufJson));
}

function onlyOneof(schema: DescMessage) {
  const [oneof] = schema.oneofs;
  if (!oneof) throw new Error(`${schema.typeName} has no oneof`);
  return oneof;
}

function carriedAny(hidden: HiddenIn, from: ReflectMessage, into: ReflectMessage, how: Carrying): ReflectMessage {
  const [was, is] = [from.message as Any, into.message as Any];
  const held = heldBy(was, how.registry);
  if (!held) return into;
  const { isHidden, inside } = hidden.content(held.desc);
  if (isHidden) return from;
  if (!inside || !holdsHidden(inside, held, how.registry)) return into;
  if (is.typeUrl !== "" && is.typeUrl !== was.typeUrl)
    throw new JsonFault("", `a ${held.desc.typeName}, in which fields are hidden`, undefined);
  const now = heldBy(is, how.registry) ?? reflect(held.desc, create(held.desc));
  const made = carried(inside, held, now, { ...how, isNew: true });
  const any = anyPack(made.desc, made.message);
  any.typeUrl = was.typeUrl;
  return reflect(into.desc, any);
}

/** The message in an Any, where its type is known. */
function heldBy({ typeUrl, value }: Any, registry: Registry | undefined): ReflectMessage | undefined {
  const schema = registry?.getMessage(typeUrl.slice(typeUrl.lastIndexOf("/") + 1));
  return schema && reflect(schema, fromBinary(schema, value));
}

/** Whether a message has a hidden field that is set. */
function holdsHidden(hidden: HiddenIn, message: ReflectMessage, registry: Registry | undefined): boolean {
  if (hidden.form === "json") return dynamicHolds(hidden.place, toJson(hidden.schema, message.message));
  if (hidden.form === "any") {
    const held = heldBy(message.message as Any, registry);
    if (!held) return false;
    const { isHidden, inside } = hidden.content(held.desc);
    return isHidden || (inside !== undefined && holdsHidden(inside, held, registry));
  }
  return message.fields.some((field) => {
    if (!message.isSet(field)) return false;
    const { isHidden, inside, entry } = hidden.field(field);
    if (isHidden) return true;
    if (field.fieldKind === "message") return inside !== undefined && holdsHidden(inside, message.get(field), registry);
    if (field.fieldKind === "list" && inside)
      return [...(message.get(field) as ReflectList<ReflectMessage>)].some((item) =>
        holdsHidden(inside, item, registry),
      );
    if (field.fieldKind !== "map" || !entry) return false;
    const entries: ReflectMap = message.get(field);
    return [...entries].some(([key, value]) => {
      const found = entry(String(key));
      return (
        found.isHidden || (found.inside !== undefined && holdsHidden(found.inside, value as ReflectMessage, registry))
      );
    });
  });
}

/** An item as targets are shown it. */
function shownText(hidden: HiddenIn, { desc, message }: ReflectMessage, registry: Registry | undefined): string {
  const json = toJson(desc, message, registry ? { registry } : {}) as JsonValue;
  return JSON.stringify(shownJson(hidden, json, { registry, of: "payload" }));
}

/** The same, but for unknown fields. */
function isSame(was: ReflectMessage, is: ReflectMessage, how: Carrying): boolean {
  const completed = reflect(is.desc, clone(is.desc, is.message));
  carryFields(undefined, was, completed, how);
  return equals(was.desc, was.message, completed.message);
}

/** Does some work within a field, whose name a fault then begins with. */
function at<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    throw new JsonFault(error.path === "" ? name : `${name}.${error.path}`, error.expected, undefined);
  }
}
