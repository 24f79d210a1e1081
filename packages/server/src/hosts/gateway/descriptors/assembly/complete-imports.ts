import type { DescriptorProto, FieldDescriptorProto, FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { knownFileOf } from "./known-files.ts";
import { createNameFinder } from "./names.ts";
import { createSymbolTable } from "./symbols.ts";

/**
 * Adds to files the imports that they need and do not have. Compilers write them all; servers of grpc-js send files that protobufjs made, one for each package,
 * which lack some, and have custom options as fields whose names begin with a dot. Those fields are dropped, since they could never be sent.
 */
export function completeImports(files: readonly FileDescriptorProto[]): void {
  const symbols = createSymbolTable();
  for (const file of files) {
    dropDottedFields(file);
    try {
      symbols.add(file);
    } catch {
      // Two files define the same. That is reported when all is put together.
    }
  }
  const names = createNameFinder(undefined, symbols);
  for (const file of files) {
    const imports = new Set(file.dependency);
    for (const { name, inside } of referencesOf(file)) {
      const found = names.find(name, inside, ({ kind }) => kind === "message" || kind === "enum");
      const source = typeof found === "string" ? knownFileOf(name.replace(/^\./, ""))?.name : found.symbol.file;
      if (source !== undefined && source !== file.name) imports.add(source);
    }
    file.dependency = [...imports];
  }
}

function dropDottedFields({ messageType }: Pick<FileDescriptorProto, "messageType">): void {
  for (const message of messageType) {
    message.field = message.field.filter(({ name }) => !name.startsWith("."));
    dropDottedFields({ messageType: message.nestedType });
  }
}

/** A name of a type, and the full name of what names it. */
interface Reference {
  readonly name: string;
  readonly inside: string;
}

function* referencesOf(file: FileDescriptorProto): Generator<Reference> {
  const prefix = file.package === "" ? "" : `${file.package}.`;
  for (const message of file.messageType) yield* referencesOfMessage(message, prefix);
  for (const extension of file.extension) yield* referencesOfField(extension, prefix);
  for (const service of file.service) {
    for (const { name, inputType, outputType } of service.method) {
      const inside = `${prefix}${service.name}.${name}`;
      yield { name: inputType, inside };
      yield { name: outputType, inside };
    }
  }
}

function* referencesOfMessage(message: DescriptorProto, prefix: string): Generator<Reference> {
  const inner = `${prefix}${message.name}.`;
  for (const field of [...message.field, ...message.extension]) yield* referencesOfField(field, inner);
  for (const nested of message.nestedType) yield* referencesOfMessage(nested, inner);
}

function* referencesOfField(field: FieldDescriptorProto, prefix: string): Generator<Reference> {
  const inside = prefix + field.name;
  if (field.typeName !== "") yield { name: field.typeName, inside };
  if (field.extendee !== "") yield { name: field.extendee, inside };
}
