import type { DescriptorProto, EnumDescriptorProto, FileDescriptorProto } from "@bufbuild/protobuf/wkt";

/** Comments of .proto files by the full name of what they stand at: `package.Message.field`, `package.Service.Method`. */
export type Comments = ReadonlyMap<string, string>;

// Numbers of the fields that lead to a place in a file (SourceCodeInfo in google/protobuf/descriptor.proto).
const FILE = { message: 4, enum: 5, service: 6 };
const MESSAGE = { field: 2, nested: 3, enum: 4, oneof: 8 };
const MEMBER = 2;

/** Reads the comments out of files that were described with source info. Generated code, and what servers tell by reflection, does not have them. */
export function readComments(files: Iterable<FileDescriptorProto>): Comments {
  const comments = new Map<string, string>();
  for (const file of files) readFile(file, comments);
  return comments;
}

function readFile(file: FileDescriptorProto, comments: Map<string, string>): void {
  const byPath = new Map(
    (file.sourceCodeInfo?.location ?? []).map(({ path, leadingComments }) => [path.join("."), leadingComments.trim()]),
  );
  const note = (name: string, path: readonly number[]): void => {
    const comment = byPath.get(path.join("."));
    if (comment) comments.set(name, comment.replace(/\n /g, "\n"));
  };
  const scope = file.package === "" ? "" : `${file.package}.`;
  file.messageType.forEach((message, i) => readMessage(message, `${scope}${message.name}`, [FILE.message, i]));
  file.enumType.forEach((type, i) => readEnum(type, `${scope}${type.name}`, [FILE.enum, i]));
  file.service.forEach((service, i) => {
    note(`${scope}${service.name}`, [FILE.service, i]);
    service.method.forEach(({ name }, j) => note(`${scope}${service.name}.${name}`, [FILE.service, i, MEMBER, j]));
  });

  function readMessage(message: DescriptorProto, name: string, path: readonly number[]): void {
    note(name, path);
    message.field.forEach((field, i) => note(`${name}.${field.name}`, [...path, MESSAGE.field, i]));
    message.oneofDecl.forEach((oneof, i) => note(`${name}.${oneof.name}`, [...path, MESSAGE.oneof, i]));
    message.nestedType.forEach((nested, i) =>
      readMessage(nested, `${name}.${nested.name}`, [...path, MESSAGE.nested, i]),
    );
    message.enumType.forEach((type, i) => readEnum(type, `${name}.${type.name}`, [...path, MESSAGE.enum, i]));
  }
  function readEnum(type: EnumDescriptorProto, name: string, path: readonly number[]): void {
    note(name, path);
    type.value.forEach((value, i) => note(`${name}.${value.name}`, [...path, MEMBER, i]));
  }
}
