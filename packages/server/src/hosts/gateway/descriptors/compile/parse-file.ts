import { create } from "@bufbuild/protobuf";
import {
  Edition,
  FileDescriptorProtoSchema,
  FileOptionsSchema,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { isSyntax, type OptionStatement, type ParseContext } from "./context.ts";
import { createCursor } from "./cursor.ts";
import { parseEnum } from "./parse-enum.ts";
import { parseExtend, parseMessage, parseMessageBody } from "./parse-message.ts";
import type { FieldPlace } from "./parse-field.ts";
import { parseOption } from "./parse-option.ts";
import { parseService } from "./parse-service.ts";
import { placeOf } from "./tokens.ts";
import { takeVisibility } from "./visibility.ts";

/** A .proto file that was read by itself: names are as they were written, and options are still to be understood. */
export interface ParsedFile {
  readonly proto: FileDescriptorProto;
  readonly options: readonly OptionStatement[];
  /** `file:line:column` of an option, or of a field, method or type. */
  place(of: object | number): string;
}

const EDITIONS: Readonly<Record<string, Edition>> = {
  "2023": Edition.EDITION_2023,
  "2024": Edition.EDITION_2024,
  "2026": Edition.EDITION_2026,
};

/** Stands in for the name of a file itself: names in its options are looked up from its package. */
const FILE_SCOPE = "file";

/** Reads a .proto file. `name` is what others import it by. Throws DescriptorProblem, with file, line and column. */
export function parseFile(source: string, name: string, maxNesting: number): ParsedFile {
  const proto = create(FileDescriptorProtoSchema, { name });
  const cursor = createCursor(source, name);
  const context: ParseContext = { cursor, proto, options: [], offsets: new Map(), maxNesting };
  parseSyntax(context);
  while (cursor.peek().kind !== "end") parseStatement(context);
  return {
    proto,
    options: context.options,
    place: (of) => placeOf(source, name, typeof of === "number" ? of : (context.offsets.get(of) ?? 0)),
  };
}

function parseSyntax(context: ParseContext): void {
  const { cursor, proto } = context;
  if (cursor.peek(1).text !== "=") return;
  const at = cursor.peek(2);
  if (cursor.take("syntax")) {
    cursor.expect("=");
    const syntax = cursor.text("the syntax");
    if (syntax !== "proto2" && syntax !== "proto3") cursor.fail(`there is no syntax "${syntax}"`, at);
    // Descriptors leave proto2 out.
    if (syntax === "proto3") proto.syntax = syntax;
  } else if (cursor.take("edition")) {
    cursor.expect("=");
    const name = cursor.text("the edition");
    const edition = Object.hasOwn(EDITIONS, name) ? EDITIONS[name] : undefined;
    if (edition === undefined) return cursor.fail(`edition "${name}" is not known here`, at);
    proto.syntax = "editions";
    proto.edition = edition;
  } else {
    return;
  }
  cursor.expect(";");
}

function parseStatement(context: ParseContext): void {
  const { cursor, proto } = context;
  if (cursor.take(";")) return;
  const visibility = takeVisibility(context);
  const place: FieldPlace = {
    scope: "",
    addNested: (message) => void proto.messageType.push(message),
    parseGroupBody: (group, fullName) => parseMessageBody(context, group, fullName, 1),
  };
  const word = cursor.next();
  switch (word.text) {
    case "package":
      if (proto.package !== "") cursor.fail("there is a package already", word);
      proto.package = cursor.path("the name of the package").replace(/^\./, "");
      cursor.expect(";");
      return;
    case "import":
      parseImport(context);
      return;
    case "option":
      parseOption(context, { element: proto, schema: FileOptionsSchema, scope: FILE_SCOPE });
      return;
    case "message":
      proto.messageType.push(visibility(parseMessage(context, "", 1)));
      return;
    case "enum":
      proto.enumType.push(visibility(parseEnum(context, "")));
      return;
    case "service":
      proto.service.push(parseService(context));
      return;
    case "extend":
      parseExtend(context, place, (extension) => void proto.extension.push(extension));
      return;
    default:
      cursor.fail(
        `expected a message, an enum, a service, an extension, an import or an option, found "${word.text}"`,
        word,
      );
  }
}

/** Reads `import public "file.proto";`, whose first word was taken. */
function parseImport(context: ParseContext): void {
  const { cursor, proto } = context;
  if (isSyntax(context, "editions") && cursor.take("option")) {
    proto.optionDependency.push(cursor.text("the name of a file"));
  } else {
    const index = proto.dependency.length;
    if (cursor.take("public")) proto.publicDependency.push(index);
    else if (cursor.take("weak")) proto.weakDependency.push(index);
    proto.dependency.push(cursor.text("the name of a file"));
  }
  cursor.expect(";");
}
