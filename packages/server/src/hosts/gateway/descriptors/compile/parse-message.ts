import { create } from "@bufbuild/protobuf";
import {
  DescriptorProtoSchema,
  DescriptorProto_ExtensionRangeSchema,
  DescriptorProto_ReservedRangeSchema,
  ExtensionRangeOptionsSchema,
  FieldDescriptorProto_Label as Label,
  MessageOptionsSchema,
  OneofDescriptorProtoSchema,
  OneofOptionsSchema,
  type DescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { MAX_FIELD_NUMBER } from "../assembly/check-file.ts";
import { nameIn, type ParseContext } from "./context.ts";
import { parseField, type FieldPlace } from "./parse-field.ts";
import { parseCompactOptions, parseOption } from "./parse-option.ts";
import { parseRange, parseReserved } from "./parse-reserved.ts";
import { parseEnum } from "./parse-enum.ts";
import { takeVisibility } from "./visibility.ts";

/** Reads a message, whose first word was taken. `scope` is the name of what it is in, `depth` counts from 1. */
export function parseMessage(context: ParseContext, scope: string, depth: number): DescriptorProto {
  const { cursor } = context;
  const { offset } = cursor.peek();
  const message = create(DescriptorProtoSchema, { name: cursor.name("the name of a message") });
  context.offsets.set(message, offset);
  parseMessageBody(context, message, nameIn(scope, message.name), depth);
  return message;
}

/** Reads what stands between the braces of a message or a group. */
export function parseMessageBody(
  context: ParseContext,
  message: DescriptorProto,
  fullName: string,
  depth: number,
): void {
  const { cursor } = context;
  if (depth > context.maxNesting) {
    cursor.fail(`messages may be nested ${context.maxNesting} deep, and this is deeper`);
  }
  const place: FieldPlace = {
    scope: fullName,
    inMessage: message,
    addNested: (nested) => void message.nestedType.push(nested),
    parseGroupBody: (group, groupName) => parseMessageBody(context, group, groupName, depth + 1),
  };
  cursor.expect("{");
  while (!cursor.take("}")) parseStatement(context, message, place, depth);
  addSyntheticOneofs(message);
}

function parseStatement(context: ParseContext, message: DescriptorProto, place: FieldPlace, depth: number): void {
  const { cursor } = context;
  if (cursor.take(";")) return;
  const visibility = takeVisibility(context);
  switch (cursor.peek().text) {
    case "message":
      cursor.next();
      message.nestedType.push(visibility(parseMessage(context, place.scope, depth + 1)));
      return;
    case "enum":
      cursor.next();
      message.enumType.push(visibility(parseEnum(context, place.scope)));
      return;
    case "extend":
      cursor.next();
      parseExtend(context, place, (extension) => void message.extension.push(extension));
      return;
    case "option":
      cursor.next();
      parseOption(context, { element: message, schema: MessageOptionsSchema, scope: place.scope });
      return;
    case "oneof":
      cursor.next();
      parseOneof(context, message, place);
      return;
    case "extensions":
      cursor.next();
      parseExtensionRanges(context, message, place.scope);
      return;
    case "reserved": {
      cursor.next();
      const { names, ranges } = parseReserved(context, MAX_FIELD_NUMBER);
      message.reservedName.push(...names);
      message.reservedRange.push(
        ...ranges.map(({ start, end }) => create(DescriptorProto_ReservedRangeSchema, { start, end: end + 1 })),
      );
      return;
    }
    default:
      message.field.push(parseField(context, place));
  }
}

/** Reads `extend Message { fields }`, whose first word was taken. */
export function parseExtend(
  context: ParseContext,
  place: FieldPlace,
  add: (extension: ReturnType<typeof parseField>) => void,
): void {
  const { cursor } = context;
  const extendee = cursor.path("the name of the message to extend");
  cursor.expect("{");
  while (!cursor.take("}")) {
    if (cursor.take(";")) continue;
    add(parseField(context, { ...place, extendee }));
  }
}

function parseOneof(context: ParseContext, message: DescriptorProto, place: FieldPlace): void {
  const { cursor } = context;
  const oneof = create(OneofDescriptorProtoSchema, { name: cursor.name("the name of a oneof") });
  const oneofIndex = message.oneofDecl.push(oneof) - 1;
  cursor.expect("{");
  while (!cursor.take("}")) {
    if (cursor.take(";")) continue;
    if (cursor.take("option")) {
      parseOption(context, { element: oneof, schema: OneofOptionsSchema, scope: nameIn(place.scope, oneof.name) });
    } else {
      message.field.push(parseField(context, { ...place, oneofIndex }));
    }
  }
}

/** Reads `extensions 4, 20 to 30 [options];`, whose first word was taken. The options hold for each of the ranges. */
function parseExtensionRanges(context: ParseContext, message: DescriptorProto, scope: string): void {
  const { cursor } = context;
  const ranges: DescriptorProto["extensionRange"] = [];
  do {
    const { start, end } = parseRange(context, MAX_FIELD_NUMBER);
    ranges.push(create(DescriptorProto_ExtensionRangeSchema, { start, end: end + 1 }));
  } while (cursor.take(","));
  const targets = ranges.map((element) => ({ element, schema: ExtensionRangeOptionsSchema, scope }));
  parseCompactOptions(context, targets);
  cursor.expect(";");
  message.extensionRange.push(...ranges);
}

/** An `optional` field of proto3 stands in a oneof of its own, behind those that were written. */
function addSyntheticOneofs(message: DescriptorProto): void {
  const names = new Set([...message.field, ...message.oneofDecl].map(({ name }) => name));
  for (const field of message.field) {
    if (!field.proto3Optional || field.label !== Label.OPTIONAL) continue;
    let name = field.name.startsWith("_") ? field.name : `_${field.name}`;
    while (names.has(name)) name = `X${name}`;
    names.add(name);
    field.oneofIndex = message.oneofDecl.push(create(OneofDescriptorProtoSchema, { name })) - 1;
  }
}
