import { protoCamelCase } from "@bufbuild/protobuf/reflect";
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { DescriptorProblem } from "../problem.ts";
import type { SymbolKind, SymbolTable } from "./symbols.ts";

/** Largest number of a field: 29 bits. */
export const MAX_FIELD_NUMBER = 536_870_911;
/** What cannot be the key of a map. */
const NO_KEYS = new Set([Type.DOUBLE, Type.FLOAT, Type.BYTES, Type.MESSAGE, Type.GROUP, Type.ENUM]);

/**
 * Checks a file of descriptors as far as a registry made of it relies on: the types that it names are there and of the right kind, and numbers are
 * in range and not used twice. Whoever wrote the descriptors, nothing later may stumble over them. `symbols` has the file's own names and those of what it imports.
 * Throws DescriptorProblem.
 */
export function checkFile(file: FileDescriptorProto, symbols: SymbolTable, maxNesting: number): void {
  const prefix = file.package === "" ? "" : `${file.package}.`;
  for (const message of file.messageType) checkMessage(message, prefix, 1);
  for (const type of file.enumType) checkEnum(type, prefix);
  for (const extension of file.extension) checkField(extension, prefix);
  for (const service of file.service) {
    for (const { name, inputType, outputType } of service.method) {
      mustBe(inputType, "message", `${prefix}${service.name}.${name}`);
      mustBe(outputType, "message", `${prefix}${service.name}.${name}`);
    }
  }

  function checkMessage(message: DescriptorProto, before: string, depth: number): void {
    const name = before + message.name;
    if (depth > maxNesting) throw wrong(name, `is nested deeper than ${maxNesting} messages`);
    if (message.options?.mapEntry) checkMapEntry(message, name);
    const numbers = new Map<number, string>();
    for (const field of message.field) {
      checkField(field, `${name}.`);
      const taken = numbers.get(field.number);
      if (taken !== undefined) throw wrong(name, `uses the number ${field.number} for ${taken} and for ${field.name}`);
      numbers.set(field.number, field.name);
      if (field.oneofIndex < 0 || field.oneofIndex > Math.max(0, message.oneofDecl.length - 1)) {
        throw wrong(`${name}.${field.name}`, `is in the oneof #${field.oneofIndex}, which is not there`);
      }
    }
    for (const extension of message.extension) checkField(extension, `${name}.`);
    for (const type of message.enumType) checkEnum(type, `${name}.`);
    for (const nested of message.nestedType) checkMessage(nested, `${name}.`, depth + 1);
  }

  function checkMapEntry({ field }: DescriptorProto, name: string): void {
    const key = field.find(({ number }) => number === 1);
    const value = field.find(({ number }) => number === 2);
    const isFit = key && value && key.label !== Label.REPEATED && value.label !== Label.REPEATED;
    if (!isFit || NO_KEYS.has(key.type)) throw wrong(name, "is no entry of a map: it needs a key and a value");
  }

  function checkEnum(type: EnumDescriptorProto, before: string): void {
    if (type.value.length === 0) throw wrong(before + type.name, "is an enum without values");
  }

  function checkField(field: FieldDescriptorProto, before: string): void {
    const name = before + field.name;
    // Extensions of a message set may have larger numbers.
    const max = field.extendee === "" ? MAX_FIELD_NUMBER : 2_147_483_646;
    if (field.number < 1 || field.number > max) {
      throw wrong(name, `has the number ${field.number}; numbers go from 1 to ${MAX_FIELD_NUMBER}`);
    }
    if (!(field.label in Label)) throw wrong(name, `has the label ${field.label}, which means nothing`);
    if (field.extendee !== "") mustBe(field.extendee, "message", name);
    switch (field.type) {
      case Type.MESSAGE:
      case Type.GROUP:
        mustBe(field.typeName, "message", name);
        return;
      case Type.ENUM:
        mustBe(field.typeName, "enum", name);
        return;
      default:
        if (!(field.type in Type)) throw wrong(name, `has the type ${field.type}, which means nothing`);
        if (field.typeName !== "") throw wrong(name, `names the type ${field.typeName}, and is no message or enum`);
    }
  }

  function mustBe(typeName: string, kind: SymbolKind, by: string): void {
    const found = symbols.get(typeName.replace(/^\./, ""));
    if (found?.kind === kind) return;
    const what = found ? `is ${/^[aeiou]/.test(found.kind) ? "an" : "a"} ${found.kind}` : "is not there";
    throw wrong(by, `names ${typeName === "" ? `no ${kind}` : `the ${kind} ${typeName}, which ${what}`}`);
  }

  function wrong(name: string, problem: string): DescriptorProblem {
    return new DescriptorProblem(`${file.name}: ${name} ${problem}`);
  }
}

/** Sets the names in JSON that a file left out, as some servers do in their answers: protoc and buf always write them, and readers rely on it. */
export function completeJsonNames({ messageType }: Pick<FileDescriptorProto, "messageType">): void {
  for (const { field, nestedType } of messageType) {
    for (const each of field) if (each.jsonName === "") each.jsonName = protoCamelCase(each.name);
    completeJsonNames({ messageType: nestedType });
  }
}
