import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { createFileRegistry, create, fromBinary, toBinary, toJson } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema, type FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { temporaryDirectory } from "../../../../../test/harness/server.ts";
import { bufBuild, PROTOS, THIRD_PARTY } from "../../../../../test/descriptors/buf.ts";
import { findProtos } from "../proto-folder.ts";
import { compileFiles, parseFile } from "./index.ts";

/** The .proto files of the project itself, and those that packages bring which others wrote. */
const OWN = fileURLToPath(new URL("../../../../../../protocol/proto", import.meta.url));
const GRPC_JS = fileURLToPath(new URL("../../../../../../../node_modules/@grpc/grpc-js/proto", import.meta.url));

const FOLDERS: readonly (readonly [name: string, folders: readonly string[]])[] = [
  ["an API with REST and options of its own, proto2, and editions", [PROTOS, THIRD_PARTY]],
  ["the project's own API, which sets protovalidate's options", [OWN, THIRD_PARTY]],
  ["the xDS files of grpc-js", [join(GRPC_JS, "xds"), join(GRPC_JS, "protoc-gen-validate")]],
];

describe("compileFiles()", () => {
  for (const [name, folders] of FOLDERS) {
    it(`makes the same descriptors as buf of ${name}`, async (t) => {
      const built = await buildByBuf(t, folders);
      const compiled = await compileFolders(folders);
      assert.ok(compiled.size >= 3, "there are files to compare");
      for (const [file, descriptors] of compiled) assert.deepEqual(descriptors, built.get(file), file);
    });
  }

  const cases: readonly (readonly [problem: string, source: string, error: RegExp])[] = [
    [
      "a text that does not end",
      'syntax = "proto3',
      /^a\.proto:1:10: the text that begins with " does not end on its line$/,
    ],
    [
      "a comment that does not end",
      "message A {}\n/* and so on",
      /^a\.proto:2:1: the comment that begins with \/\* does not end$/,
    ],
    ["a character without meaning", "message A { § }", /^a\.proto:1:13: "§" has no meaning here$/],
    ["a syntax that is not there", 'syntax = "proto4";', /^a\.proto:1:10: there is no syntax "proto4"$/],
    ["an edition that is not known", 'edition = "1999";', /^a\.proto:1:11: edition "1999" is not known here$/],
    ["a statement that is none", "massage A {}", /^a\.proto:1:1: expected a message, an enum, .* found "massage"$/],
    ["a brace that is missing", "message A {", /^a\.proto:1:12: .*found the end of the file$/],
    [
      "a field without a number",
      'syntax = "proto3"; message A { string b; }',
      /^a\.proto:1:40: expected "=", found ";"$/,
    ],
    ["a number that is none", 'syntax = "proto3"; message A { string b = 08; }', /^a\.proto:1:43: 08 is no number$/],
    [
      "a field of proto2 without a label",
      "message A { string b = 1; }",
      /proto2 wants "optional", "required" or "repeated" before "string"/,
    ],
    [
      "a required field in proto3",
      'syntax = "proto3"; message A { required string b = 1; }',
      /proto3 has no "required"/,
    ],
    ["a label in an edition", 'edition = "2023"; message A { optional string b = 1; }', /editions have no "optional"/],
    ["a group in proto3", 'syntax = "proto3"; message A { repeated group B = 1 {} }', /groups exist in proto2 only/],
    [
      "a label in a oneof",
      'syntax = "proto3"; message A { oneof c { repeated string b = 1; } }',
      /a field in a oneof cannot be repeated/,
    ],
    [
      "a map in a oneof",
      'syntax = "proto3"; message A { oneof c { map<string, string> b = 1; } }',
      /a map may stand in a message only/,
    ],
    [
      "a map with keys of bytes",
      'syntax = "proto3"; message A { map<bytes, string> b = 1; }',
      /the keys of a map are integers, texts or bools/,
    ],
    [
      "a default that is no value of its field",
      "message A { optional int32 b = 1 [default = 3000000000]; }",
      /a default must be an integer that the type can hold, not 3000000000/,
    ],
    [
      "a default of a message",
      "message A { optional A b = 1 [default = 1]; }",
      /a default must be the name of an enum's value/,
    ],
    [
      "a type that is not there",
      'syntax = "proto3";\nmessage A {\n  Nothing b = 1;\n}',
      /^a\.proto:3:3: there is no "Nothing"$/,
    ],
    [
      "a type in a package that has none",
      "message A { optional google.protobuf.Nothing b = 1; }",
      /there is no "google\.protobuf\.Nothing"/,
    ],
    [
      "a type whose file is not imported",
      "message A { optional google.protobuf.Any b = 1; }",
      /there is no "google\.protobuf\.Any"|is not imported/,
    ],
    [
      "a method of an enum",
      "enum E { F = 0; } service S { rpc A(E) returns (E); }",
      /"E" is an enum, where a message must stand/,
    ],
    ["an RPC without an answer", "message A {} service S { rpc A(A); }", /expected "returns", found ";"/],
    [
      "an option that protobuf does not have",
      "message A { option nonsense = true; }",
      /^a\.proto:1:20: option nonsense: unknown field "nonsense"/,
    ],
    [
      "an option with a value of another type",
      "message A { option deprecated = 7; }",
      /option deprecated: .*expected .*bool|option deprecated: .*boolean/,
    ],
    [
      "an extension that is not there",
      "message A { option (no.such) = true; }",
      /option \(no\.such\): there is no "no\.such"/,
    ],
    ["an option that is no extension", "message A { option (A) = true; }", /option \(A\): "A" is no extension/],
    ["a bracket that closes nothing", "message A { option (A) = }; }", /"}" closes nothing here/],
    [
      "a name that is defined twice",
      "message A {} enum A { B = 0; }",
      /"A" is defined twice: as message and as enum, in a\.proto/,
    ],
    ["an import that is missing", 'import "no.proto";', /^a\.proto imports "no\.proto", which is missing\. Mend it\.$/],
    ["an import of itself", 'import "a.proto";', /files import each other in a circle: a\.proto → a\.proto/],
    [
      "messages nested too deep",
      `${"message A { ".repeat(40)}${"}".repeat(40)}`,
      /messages may be nested 32 deep, and this is deeper/,
    ],
    ["an enum's value that is too large", "enum A { B = 2147483648; }", /2147483648 is too large for an enum/],
  ];
  for (const [problem, source, error] of cases) {
    it(`refuses ${problem}`, () => {
      assert.throws(() => compileFiles([parseFile(source, "a.proto", 32)], "Mend it."), {
        name: "DescriptorProblem",
        message: error,
      });
    });
  }

  it("names the file that has a type, where it is not imported", () => {
    const files = [
      parseFile('syntax = "proto3"; package p; message A { B b = 1; }', "a.proto", 32),
      parseFile('syntax = "proto3"; package p; message B {}', "b.proto", 32),
    ];
    assert.throws(() => compileFiles(files, ""), {
      message: 'a.proto:1:43: "p.B" is defined in b.proto, which is not imported',
    });
  });

  it("looks names up from the inside, by their first part", () => {
    const source = `syntax = "proto3"; package a.b;
      message b { message X {} }
      message A { message a {} b.X x = 1; .a.b.A y = 2; }`;
    const [file] = compileFiles([parseFile(source, "a.proto", 32)], "");
    assert.deepEqual(
      file?.messageType[1]?.field.map(({ typeName }) => typeName),
      [".a.b.b.X", ".a.b.A"],
    );
  });
});

/** Files as buf makes them, by name, in a form that can be compared. */
async function buildByBuf(t: TestContext, folders: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
  const output = join(await temporaryDirectory(t), "set.binpb");
  bufBuild(folders, output, "--as-file-descriptor-set", "--exclude-source-info");
  return comparable(fromBinary(FileDescriptorSetSchema, await readFile(output)).file);
}

async function compileFolders(folders: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
  const parsed = [];
  for (const folder of folders) {
    for (const { path } of await findProtos(folder, 1000)) {
      parsed.push(parseFile(await readFile(join(folder, path), "utf8"), path, 32));
    }
  }
  const names = new Set(parsed.map(({ proto }) => proto.name));
  return new Map([...comparable(compileFiles(parsed, ""))].filter(([name]) => names.has(name)));
}

/** As JSON, with custom options under their names: the bytes of two descriptors may differ in their order. */
function comparable(files: readonly FileDescriptorProto[]): ReadonlyMap<string, unknown> {
  const bytes = toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: [...files] }));
  const set = fromBinary(FileDescriptorSetSchema, bytes);
  const registry = createFileRegistry(set);
  return new Map(
    set.file.map((file) => [
      file.name,
      toJson(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: [file] }), { registry }),
    ]),
  );
}
