import { create } from "@bufbuild/protobuf";
import {
  EnumDescriptorProtoSchema,
  EnumDescriptorProto_EnumReservedRangeSchema,
  EnumOptionsSchema,
  EnumValueDescriptorProtoSchema,
  EnumValueOptionsSchema,
  type EnumDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { nameIn, type ParseContext } from "./context.ts";
import { parseCompactOptions, parseOption } from "./parse-option.ts";
import { parseReserved } from "./parse-reserved.ts";

const MAX_INT32 = 2_147_483_647;

/** Reads an enum, whose first word was taken. */
export function parseEnum(context: ParseContext, scope: string): EnumDescriptorProto {
  const { cursor } = context;
  const { offset } = cursor.peek();
  const type = create(EnumDescriptorProtoSchema, { name: cursor.name("the name of an enum") });
  context.offsets.set(type, offset);
  const fullName = nameIn(scope, type.name);
  cursor.expect("{");
  while (!cursor.take("}")) {
    const isStatement = cursor.peek(1).text !== "=";
    if (cursor.take(";")) continue;
    if (isStatement && cursor.take("option")) {
      parseOption(context, { element: type, schema: EnumOptionsSchema, scope: fullName });
    } else if (isStatement && cursor.take("reserved")) {
      const { names, ranges } = parseReserved(context, MAX_INT32);
      type.reservedName.push(...names);
      type.reservedRange.push(...ranges.map((range) => create(EnumDescriptorProto_EnumReservedRangeSchema, range)));
    } else {
      parseValue(context, type, scope);
    }
  }
  return type;
}

/** Reads `NAME = 1 [options];`. Values are named beside their enum, not inside of it. */
function parseValue(context: ParseContext, type: EnumDescriptorProto, scope: string): void {
  const { cursor } = context;
  const { offset } = cursor.peek();
  const name = cursor.name('a value of the enum, or "}"');
  cursor.expect("=");
  const number = cursor.peek();
  const value = create(EnumValueDescriptorProtoSchema, { name, number: cursor.integer("the value's number") });
  if (value.number < -MAX_INT32 - 1 || value.number > MAX_INT32)
    cursor.fail(`${value.number} is too large for an enum`, number);
  context.offsets.set(value, offset);
  parseCompactOptions(context, [{ element: value, schema: EnumValueOptionsSchema, scope: nameIn(scope, name) }]);
  cursor.expect(";");
  type.value.push(value);
}
