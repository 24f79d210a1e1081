import { isFieldSet } from "@bufbuild/protobuf";
import {
  FieldDescriptorProtoSchema,
  FieldDescriptorProto_Type as Type,
  type DescriptorProto,
  type FieldDescriptorProto,
  type FileDescriptorProto,
  type MethodDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { DescriptorProblem } from "../problem.ts";
import type { DefinedSymbol } from "./symbols.ts";
import type { NameFinder } from "./names.ts";

const isType = ({ kind }: DefinedSymbol): boolean => kind === "message" || kind === "enum";
const isMessage = ({ kind }: DefinedSymbol): boolean => kind === "message";

/**
 * Puts the full name in place of each name of a type in a file, and says of fields what kind of type theirs is. The descriptors of compilers have that already;
 * .proto files have not, nor those that servers of grpc-js send. `place` is where a field or method with this full name is. Throws DescriptorProblem for the first
 * name that means nothing.
 */
export function linkFile(
  proto: FileDescriptorProto,
  names: NameFinder,
  place: (element: FieldDescriptorProto | MethodDescriptorProto, fullName: string) => string,
): void {
  const prefix = proto.package === "" ? "" : `${proto.package}.`;
  for (const message of proto.messageType) linkMessage(message, prefix);
  for (const extension of proto.extension) linkField(extension, prefix);
  for (const service of proto.service) {
    for (const method of service.method) linkMethod(method, `${prefix}${service.name}.`);
  }

  function linkMessage(message: DescriptorProto, before: string): void {
    const inner = `${before}${message.name}.`;
    for (const field of [...message.field, ...message.extension]) linkField(field, inner);
    for (const nested of message.nestedType) linkMessage(nested, inner);
  }

  function linkField(field: FieldDescriptorProto, before: string): void {
    if (field.extendee !== "") {
      field.extendee = `.${found(field.extendee, before + field.name, field, isMessage, "a message").fullName}`;
    }
    if (field.typeName === "") return;
    const { fullName, symbol } = found(field.typeName, before + field.name, field, isType, "a message or an enum");
    field.typeName = `.${fullName}`;
    if (isFieldSet(field, FieldDescriptorProtoSchema.field.type)) return;
    field.type = symbol.kind === "enum" ? Type.ENUM : Type.MESSAGE;
  }

  function linkMethod(method: MethodDescriptorProto, before: string): void {
    const nameOf = (name: string): string =>
      name === "" ? "" : `.${found(name, before + method.name, method, isMessage, "a message").fullName}`;
    method.inputType = nameOf(method.inputType);
    method.outputType = nameOf(method.outputType);
  }

  function found(
    name: string,
    inside: string,
    at: FieldDescriptorProto | MethodDescriptorProto,
    accepts: (symbol: DefinedSymbol) => boolean,
    what: string,
  ): { readonly fullName: string; readonly symbol: DefinedSymbol } {
    const result = names.find(name, inside, isType);
    if (typeof result === "string") throw new DescriptorProblem(`${place(at, inside)}: ${result}`);
    if (!accepts(result.symbol)) {
      throw new DescriptorProblem(
        `${place(at, inside)}: "${name}" is ${article(result.symbol.kind)}, where ${what} must stand`,
      );
    }
    return result;
  }
}

function article(kind: string): string {
  return /^[aeiou]/.test(kind) ? `an ${kind}` : `a ${kind}`;
}
