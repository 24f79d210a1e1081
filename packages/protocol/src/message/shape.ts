import type { DescField, DescMessage } from "@bufbuild/protobuf";
import type { FieldShape, MessageShape } from "@interpose/engine";

const SHAPES = new WeakMap<DescMessage, MessageShape>();

/** What a merge needs to know of a message's type. Made once for each type, nested ones when they are first asked for. */
export function shapeOf(message: DescMessage): MessageShape {
  const known = SHAPES.get(message);
  if (known) return known;
  const exact = new Map<string, FieldShape>();
  const anyCase = new Map<string, FieldShape>();
  for (const field of message.fields) {
    const shape = fieldShape(field);
    for (const key of [field.name, field.jsonName]) {
      exact.set(key, shape);
      if (!anyCase.has(key.toLowerCase())) anyCase.set(key.toLowerCase(), shape);
    }
  }
  const shape: MessageShape = { field: (key) => exact.get(key) ?? anyCase.get(key.toLowerCase()) };
  SHAPES.set(message, shape);
  return shape;
}

function fieldShape(field: DescField): FieldShape {
  const siblings = (field.oneof?.fields ?? []).filter((each) => each !== field);
  return {
    protoName: field.name,
    jsonName: field.jsonName,
    kind: field.fieldKind === "map" ? "map" : isMergeable(field) ? "message" : "value",
    get shape() {
      return isMergeable(field) ? shapeOf(field.message) : undefined;
    },
    siblings: siblings.map(({ name, jsonName }) => ({ protoName: name, jsonName })),
  };
}

/** Well-known types are values: their JSON is a text, or anything at all, and half of one means nothing. */
function isMergeable(field: DescField): field is DescField & { fieldKind: "message" } {
  return field.fieldKind === "message" && !field.message.typeName.startsWith("google.protobuf.");
}
