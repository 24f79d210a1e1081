import { clone, equals, type DescMessage, type Message } from "@bufbuild/protobuf";
import { reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import { isRedacted } from "./redaction.ts";

/**
 * Takes over into a message that was made of JSON what JSON could not express: the unknown fields of the message that it was, and its redacted
 * fields. In lists, an item that is otherwise the same as the one in its place is taken over whole.
 */
export function carryOver(schema: DescMessage, from: Message, into: Message): void {
  carry(reflect(schema, from), reflect(schema, into));
}

function carry(from: ReflectMessage, into: ReflectMessage): void {
  const unknown = from.getUnknown();
  if (unknown) into.setUnknown([...unknown]);
  for (const field of from.fields) {
    if (!from.isSet(field)) continue;
    if (isRedacted(field)) {
      // Setting a member of a oneof would undo a change to another member.
      if (!field.oneof || into.oneofCase(field.oneof) === undefined) into.set(field, from.get(field));
      continue;
    }
    if (!into.isSet(field)) continue;
    if (field.fieldKind === "message") carry(from.get(field), into.get(field));
    else if (field.fieldKind === "list" && field.listKind === "message") {
      const [before, after] = [from.get(field), into.get(field)];
      for (let i = 0; i < Math.min(before.size, after.size); i++) {
        const [was, is] = [before.get(i) as ReflectMessage, after.get(i) as ReflectMessage];
        if (isSame(was, is)) after.set(i, was);
      }
    } else if (field.fieldKind === "map" && field.mapKind === "message") {
      const [before, after] = [from.get(field), into.get(field)];
      for (const [key, was] of before) {
        const is = after.get(key);
        if (is !== undefined) carry(was as ReflectMessage, is as ReflectMessage);
      }
    }
  }
}

/** The same, but for unknown and redacted fields. */
function isSame(was: ReflectMessage, is: ReflectMessage): boolean {
  const completed = reflect(is.desc, clone(is.desc, is.message));
  carry(was, completed);
  return equals(was.desc, was.message, completed.message);
}
