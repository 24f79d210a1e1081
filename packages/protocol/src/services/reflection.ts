import { create, toBinary, type DescFile, type DescMessage, type DescService } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import {
  ExtensionNumberResponseSchema,
  FileDescriptorResponseSchema,
  ListServiceResponseSchema,
  ServerReflectionResponseSchema,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from "../gen/grpc/reflection/v1/reflection_pb.js";
import { ERROR_DETAILS } from "../errors/details.ts";

/** Answers what clients ask of server reflection (https://grpc.io/docs/guides/reflection/), in the form of its version v1. */
export interface Reflection {
  /** `sent`: names of the files that the stream has had already, which are not sent again. */
  answer(request: ServerReflectionRequest, sent: Set<string>): ServerReflectionResponse;
}

/** gRPC's code for "not found". */
const NOT_FOUND = 5;

/** Reflection over some services, everything that their files import, and the details of errors, so that clients can show those. */
export function createReflection(services: readonly DescService[]): Reflection {
  const files = new Map<string, DescFile>();
  for (const { file } of [...services, ...ERROR_DETAILS]) addFile(file, files);
  const symbols = new Map<string, DescFile>();
  const extensions = new Map<string, Map<number, DescFile>>();
  for (const file of files.values()) {
    addSymbols(file, symbols);
    for (const extension of extensionsOf(file)) {
      const numbers = extensions.get(extension.extendee.typeName) ?? new Map<number, DescFile>();
      extensions.set(extension.extendee.typeName, numbers.set(extension.number, file));
    }
  }
  const names = services.map(({ typeName }) => typeName).sort();

  function payload(
    request: ServerReflectionRequest,
    sent: Set<string>,
  ): ServerReflectionResponse["messageResponse"] | string {
    const { case: kind, value } = request.messageRequest;
    switch (kind) {
      case "listServices":
        return {
          case: "listServicesResponse",
          value: create(ListServiceResponseSchema, { service: names.map((name) => ({ name })) }),
        };
      case "fileByFilename":
        return fileAnswer(files.get(value), sent) ?? `there is no file ${value}`;
      case "fileContainingSymbol":
        return fileAnswer(symbols.get(value.replace(/^\./, "")), sent) ?? `there is no symbol ${value}`;
      case "fileContainingExtension":
        return (
          fileAnswer(extensions.get(value.containingType)?.get(value.extensionNumber), sent) ??
          `there is no extension ${value.extensionNumber} of ${value.containingType}`
        );
      case "allExtensionNumbersOfType":
        if (!symbols.has(value)) return `there is no type ${value}`;
        return {
          case: "allExtensionNumbersResponse",
          value: create(ExtensionNumberResponseSchema, {
            baseTypeName: value,
            extensionNumber: [...(extensions.get(value)?.keys() ?? [])].sort((a, b) => a - b),
          }),
        };
      case undefined:
        return "the request asks for nothing";
    }
  }

  return {
    answer(request, sent) {
      const found = payload(request, sent);
      return create(ServerReflectionResponseSchema, {
        validHost: request.host,
        originalRequest: request,
        messageResponse:
          typeof found === "string"
            ? { case: "errorResponse", value: { errorCode: NOT_FOUND, errorMessage: found } }
            : found,
      });
    },
  };
}

/** A file with everything that it imports, imports first, but for what the stream has had. */
function fileAnswer(
  file: DescFile | undefined,
  sent: Set<string>,
): ServerReflectionResponse["messageResponse"] | undefined {
  if (!file) return undefined;
  const closure = new Map<string, DescFile>();
  addFile(file, closure);
  // The file that was asked for is always sent: a client that asks twice has a reason.
  const wanted = [...closure.values()].filter((each) => each === file || !sent.has(each.proto.name));
  for (const each of wanted) sent.add(each.proto.name);
  const fileDescriptorProto = [file, ...wanted.filter((each) => each !== file)].map((each) =>
    toBinary(FileDescriptorProtoSchema, each.proto),
  );
  return { case: "fileDescriptorResponse", value: create(FileDescriptorResponseSchema, { fileDescriptorProto }) };
}

function addFile(file: DescFile, files: Map<string, DescFile>): void {
  if (files.has(file.proto.name)) return;
  for (const dependency of file.dependencies) addFile(dependency, files);
  files.set(file.proto.name, file);
}

function addSymbols(file: DescFile, symbols: Map<string, DescFile>): void {
  const add = (name: string): void => void symbols.set(name, file);
  for (const service of file.services) {
    add(service.typeName);
    for (const { name } of service.methods) add(`${service.typeName}.${name}`);
  }
  for (const type of file.enums) addEnum(type.typeName, type.values);
  for (const { typeName } of file.extensions) add(typeName);
  for (const message of file.messages) addMessage(message);

  function addEnum(typeName: string, values: readonly { readonly name: string }[]): void {
    add(typeName);
    // Values are named beside their enum, not inside it.
    const scope = typeName.includes(".") ? typeName.slice(0, typeName.lastIndexOf(".") + 1) : "";
    for (const { name } of values) add(scope + name);
  }
  function addMessage(message: DescMessage): void {
    add(message.typeName);
    for (const { name } of message.fields) add(`${message.typeName}.${name}`);
    for (const { name } of message.oneofs) add(`${message.typeName}.${name}`);
    for (const type of message.nestedEnums) addEnum(type.typeName, type.values);
    for (const { typeName } of message.nestedExtensions) add(typeName);
    for (const nested of message.nestedMessages) addMessage(nested);
  }
}

function extensionsOf(file: DescFile): readonly DescFile["extensions"][number][] {
  const nested = (message: DescMessage): DescFile["extensions"] => [
    ...message.nestedExtensions,
    ...message.nestedMessages.flatMap(nested),
  ];
  return [...file.extensions, ...file.messages.flatMap(nested)];
}
