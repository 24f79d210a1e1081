import { create } from "@bufbuild/protobuf";
import { protoCamelCase } from "@bufbuild/protobuf/reflect";
import {
  DescriptorProtoSchema,
  FieldDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FieldOptionsSchema,
  MessageOptionsSchema,
  type DescriptorProto,
  type FieldDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { isSyntax, nameIn, type ParseContext } from "./context.ts";
import { textValue } from "./cursor.ts";
import { defaultValue } from "./default-value.ts";
import { parseCompactOptions } from "./parse-option.ts";

/** Where a field stands. */
export interface FieldPlace {
  /** Name of what it is in, below the package. */
  readonly scope: string;
  /** Undefined: in an `extend` of the file itself. */
  readonly inMessage?: DescriptorProto;
  readonly oneofIndex?: number;
  /** Name of the message that it extends. */
  readonly extendee?: string;
  /** Takes the message of a group or a map. */
  addNested(message: DescriptorProto): void;
  parseGroupBody(group: DescriptorProto, fullName: string): void;
}

const SCALARS = new Map<string, Type>([
  ["double", Type.DOUBLE],
  ["float", Type.FLOAT],
  ["int64", Type.INT64],
  ["uint64", Type.UINT64],
  ["int32", Type.INT32],
  ["fixed64", Type.FIXED64],
  ["fixed32", Type.FIXED32],
  ["bool", Type.BOOL],
  ["string", Type.STRING],
  ["bytes", Type.BYTES],
  ["uint32", Type.UINT32],
  ["sfixed32", Type.SFIXED32],
  ["sfixed64", Type.SFIXED64],
  ["sint32", Type.SINT32],
  ["sint64", Type.SINT64],
]);

/** Reads a field, a map or a group. */
export function parseField(context: ParseContext, place: FieldPlace): FieldDescriptorProto {
  const { cursor } = context;
  if (cursor.peek().kind !== "name" && cursor.peek().text !== ".") cursor.unexpected('a field or "}"');
  const isIn = place.oneofIndex !== undefined;
  if (cursor.peek().text === "map" && cursor.peek(1).text === "<") {
    if (isIn || place.extendee !== undefined) cursor.fail("a map may stand in a message only, outside of oneofs");
    return parseMap(context, place);
  }
  const field = create(FieldDescriptorProtoSchema, { label: Label.OPTIONAL });
  if (place.oneofIndex !== undefined) field.oneofIndex = place.oneofIndex;
  if (place.extendee !== undefined) field.extendee = place.extendee;
  const { offset } = cursor.peek();
  context.offsets.set(field, offset);
  parseLabel(context, field, isIn);
  if (cursor.peek().text === "group" && cursor.peek(1).kind === "name" && cursor.peek(2).text === "=") {
    return parseGroup(context, place, field);
  }
  setType(field, cursor.path("the type of a field"));
  setName(field, cursor.name("the name of a field"));
  parseNumberAndOptions(context, place, field);
  cursor.expect(";");
  return field;
}

function parseLabel(context: ParseContext, field: FieldDescriptorProto, isInOneof: boolean): void {
  const { cursor } = context;
  const word = cursor.peek().text;
  const isLabel = word === "optional" || word === "required" || word === "repeated";
  if (!isLabel) {
    if (isSyntax(context, "proto2") && !isInOneof)
      cursor.fail(`proto2 wants "optional", "required" or "repeated" before "${word}"`);
    return;
  }
  if (isInOneof) cursor.fail(`a field in a oneof cannot be ${word}`);
  if (word !== "repeated" && isSyntax(context, "editions")) {
    cursor.fail(`editions have no "${word}": set features.field_presence`);
  }
  if (word === "required" && isSyntax(context, "proto3")) cursor.fail('proto3 has no "required"');
  cursor.next();
  if (word === "repeated") field.label = Label.REPEATED;
  if (word === "required") field.label = Label.REQUIRED;
  if (word === "optional" && isSyntax(context, "proto3")) field.proto3Optional = true;
}

function setType(field: FieldDescriptorProto, name: string): void {
  const scalar = SCALARS.get(name);
  if (scalar === undefined) field.typeName = name;
  else field.type = scalar;
}

function setName(field: FieldDescriptorProto, name: string): void {
  field.name = name;
  field.jsonName = protoCamelCase(name);
}

function parseNumberAndOptions(context: ParseContext, { scope }: FieldPlace, field: FieldDescriptorProto): void {
  const { cursor } = context;
  cursor.expect("=");
  field.number = cursor.integer("the field's number");
  const target = { element: field, schema: FieldOptionsSchema, scope: nameIn(scope, field.name) };
  parseCompactOptions(context, [target], (option) => {
    const [part, ...others] = option.path;
    if (part === undefined || part.isExtension || others.length > 0) return false;
    if (part.name === "default") {
      field.defaultValue = defaultValue(cursor, option, field.typeName === "" ? field.type : undefined);
      return true;
    }
    if (part.name !== "json_name") return false;
    if (option.value.some(({ kind }) => kind !== "text"))
      cursor.fail("json_name must be a text in quotes", option.offset);
    field.jsonName = textValue(option.value.map(({ text }) => text).join(" "));
    return true;
  });
}

/** Reads `group Name = 1 { ... }`, in which a message and a field of that type are declared in one. */
function parseGroup(context: ParseContext, place: FieldPlace, field: FieldDescriptorProto): FieldDescriptorProto {
  const { cursor } = context;
  const word = cursor.next();
  if (!isSyntax(context, "proto2")) cursor.fail("groups exist in proto2 only", word);
  const { offset } = cursor.peek();
  const group = create(DescriptorProtoSchema, { name: cursor.name("the name of a group") });
  context.offsets.set(group, offset);
  setName(field, group.name.toLowerCase());
  field.type = Type.GROUP;
  field.typeName = group.name;
  parseNumberAndOptions(context, place, field);
  place.addNested(group);
  place.parseGroupBody(group, nameIn(place.scope, group.name));
  return field;
}

/** Reads `map<K, V> name = 1;`, which is a list of entries of a message of its own. */
function parseMap(context: ParseContext, place: FieldPlace): FieldDescriptorProto {
  const { cursor } = context;
  const { offset } = cursor.next();
  cursor.expect("<");
  const key = entryField("key", 1);
  const keyToken = cursor.peek();
  setType(key, cursor.path("the type of the map's keys"));
  if (key.typeName !== "" || [Type.DOUBLE, Type.FLOAT, Type.BYTES].includes(key.type)) {
    cursor.fail("the keys of a map are integers, texts or bools", keyToken);
  }
  cursor.expect(",");
  const value = entryField("value", 2);
  setType(value, cursor.path("the type of the map's values"));
  cursor.expect(">");
  const field = create(FieldDescriptorProtoSchema, { label: Label.REPEATED, type: Type.MESSAGE });
  setName(field, cursor.name("the name of a field"));
  field.typeName = entryName(field.name);
  for (const each of [field, key, value]) context.offsets.set(each, offset);
  parseNumberAndOptions(context, place, field);
  cursor.expect(";");
  const options = create(MessageOptionsSchema, { mapEntry: true });
  const entry = create(DescriptorProtoSchema, { name: field.typeName, field: [key, value], options });
  context.offsets.set(entry, offset);
  place.addNested(entry);
  return field;
}

function entryField(name: string, number: number): FieldDescriptorProto {
  return create(FieldDescriptorProtoSchema, { name, number, label: Label.OPTIONAL, jsonName: name });
}

/** `MapFieldEntry` for a field `map_field`, as protoc names it. */
function entryName(field: string): string {
  const words = field.split("_").map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `${words.join("")}Entry`;
}
