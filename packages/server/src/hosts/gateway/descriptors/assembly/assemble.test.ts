import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create, type DescService, type FileRegistry, type MessageInitShape } from "@bufbuild/protobuf";
import {
  Edition,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { DEFAULT_LIMITS } from "../limits.ts";
import { assemble } from "./assemble.ts";

type FileInit = NonNullable<MessageInitShape<typeof FileDescriptorSetSchema>["file"]>[number];

/** An enum to name. */
const E = { name: "E", value: [{ name: "ZERO", number: 0 }] };

/** The registry of some files. */
function put(...files: readonly FileInit[]): FileRegistry {
  const { file } = create(FileDescriptorSetSchema, { file: [...files] });
  return assemble(file, { limits: DEFAULT_LIMITS, broken: "refuse", onMissingImport: "Bring it." }).registry;
}

function servicesOf(registry: FileRegistry): readonly DescService[] {
  return [...registry].filter((type) => type.kind === "service");
}

describe("assemble()", () => {
  const hostile: readonly (readonly [what: string, files: readonly FileInit[], error: RegExp])[] = [
    [
      "a type that is not there",
      [
        {
          name: "a.proto",
          messageType: [{ name: "A", field: [{ name: "b", number: 1, type: Type.MESSAGE, typeName: ".B" }] }],
        },
      ],
      /a\.proto: A\.b: there is no "B"/,
    ],
    [
      "an enum where a message must be",
      [
        {
          name: "a.proto",
          enumType: [E],
          messageType: [{ name: "A", field: [{ name: "b", number: 1, type: Type.MESSAGE, typeName: ".E" }] }],
        },
      ],
      /a\.proto: A\.b names the message \.E, which is an enum/,
    ],
    [
      "a method without messages",
      [{ name: "a.proto", service: [{ name: "S", method: [{ name: "M" }] }] }],
      /a\.proto: S\.M names no message/,
    ],
    [
      "a name twice in a file",
      [{ name: "a.proto", messageType: [{ name: "A" }, { name: "A" }] }],
      /"A" is defined twice: as message, in a\.proto/,
    ],
    [
      "a name twice in two files",
      [
        { name: "a.proto", package: "p", messageType: [{ name: "A" }] },
        { name: "b.proto", package: "p", enumType: [{ ...E, name: "A" }] },
      ],
      /"p\.A" is defined twice: as message and as enum, in a\.proto and in b\.proto/,
    ],
    [
      "a package of a message's name",
      [
        { name: "a.proto", messageType: [{ name: "p" }] },
        { name: "b.proto", package: "p" },
      ],
      /"p" is defined twice: as message and as package/,
    ],
    ["a file twice", [{ name: "a.proto" }, { name: "a.proto" }], /there are two files a\.proto/],
    ["a file without a name", [{}], /there is a file without a name/],
    [
      "imports in a circle",
      [
        { name: "a.proto", dependency: ["b.proto"] },
        { name: "b.proto", dependency: ["a.proto"] },
      ],
      /files import each other in a circle: a\.proto → b\.proto → a\.proto/,
    ],
    [
      "a number twice",
      [
        {
          name: "a.proto",
          messageType: [
            {
              name: "A",
              field: [
                { name: "b", number: 1, type: Type.INT32 },
                { name: "c", number: 1, type: Type.INT32 },
              ],
            },
          ],
        },
      ],
      /a\.proto: A uses the number 1 for b and for c/,
    ],
    [
      "the number 0",
      [{ name: "a.proto", messageType: [{ name: "A", field: [{ name: "b", type: Type.INT32 }] }] }],
      /A\.b has the number 0; numbers go from 1 to 536870911/,
    ],
    [
      "a number too large",
      [{ name: "a.proto", messageType: [{ name: "A", field: [{ name: "b", number: 536870912, type: Type.INT32 }] }] }],
      /A\.b has the number 536870912/,
    ],
    [
      "a oneof that is not there",
      [
        {
          name: "a.proto",
          messageType: [{ name: "A", field: [{ name: "b", number: 1, type: Type.INT32, oneofIndex: 3 }] }],
        },
      ],
      /A\.b is in the oneof #3, which is not there/,
    ],
    ["an enum without values", [{ name: "a.proto", enumType: [{ name: "E" }] }], /E is an enum without values/],
    [
      "a default that is no value of its field",
      [
        {
          name: "a.proto",
          enumType: [E],
          messageType: [
            { name: "A", field: [{ name: "b", number: 1, type: Type.ENUM, typeName: ".E", defaultValue: "NO" }] },
          ],
        },
      ],
      /a\.proto: the default of field A\.b is no value of it/,
    ],
    [
      "a map whose entries are none",
      [
        {
          name: "a.proto",
          messageType: [
            {
              name: "A",
              field: [{ name: "b", number: 1, type: Type.MESSAGE, typeName: ".A.X", label: Label.REPEATED }],
              nestedType: [{ name: "X", options: { mapEntry: true } }],
            },
          ],
        },
      ],
      /a\.proto: A\.X is no entry of a map: it needs a key and a value/,
    ],
    [
      "an edition of the future",
      [{ name: "a.proto", syntax: "editions", edition: Edition.EDITION_99999_TEST_ONLY }],
      /a\.proto: unsupported edition/,
    ],
    ["a syntax that is none", [{ name: "a.proto", syntax: "proto9" }], /a\.proto: unsupported syntax "proto9"/],
    [
      "names that are none",
      [{ name: "a.proto", messageType: [{ name: "__proto__.x y" }] }],
      /a\.proto: invalid message name/,
    ],
    [
      "an import that is missing",
      [{ name: "a.proto", dependency: ["b.proto"] }],
      /^a\.proto imports "b\.proto", which is missing\. Bring it\.$/,
    ],
    [
      "an extension of nothing",
      [{ name: "a.proto", extension: [{ name: "e", number: 5, type: Type.INT32, extendee: ".No" }] }],
      /a\.proto: e: there is no "No"/,
    ],
  ];
  for (const [what, init, error] of hostile) {
    it(`refuses ${what}`, () => assert.throws(() => put(...init), { name: "DescriptorProblem", message: error }));
  }

  it("may hold names that objects of JavaScript have", () => {
    const names = ["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf"];
    const field = names.map((name, i) => ({ name, number: i + 1, type: Type.STRING }));
    const messageType = [...names.map((name) => ({ name })), { name: "A", field }];
    const service = [{ name: "S", method: names.map((name) => ({ name, inputType: ".A", outputType: ".__proto__" })) }];
    const services = servicesOf(put({ name: "a.proto", messageType, service }));
    assert.deepEqual(
      services[0]?.methods.map(({ name }) => name),
      names,
    );
  });

  it("gives fields the names in JSON that whoever made it left out", () => {
    const registry = put({
      name: "a.proto",
      messageType: [{ name: "A", field: [{ name: "some_name", number: 1, type: Type.STRING }] }],
    });
    assert.equal(registry.getMessage("A")?.fields[0]?.jsonName, "someName");
  });

  it("may name types as .proto files do, and leave out what kind they are", () => {
    const field = [
      { name: "b", number: 1, typeName: "E" },
      { name: "c", number: 2, typeName: "A" },
    ];
    const registry = put({ name: "a.proto", package: "p", enumType: [E], messageType: [{ name: "A", field }] });
    const fields = registry.getMessage("p.A")?.fields;
    assert.deepEqual(
      fields?.map(({ enum: type, message }) => (type ?? message)?.typeName),
      ["p.E", "p.A"],
    );
  });

  it("may import in a chain that is longer than the call stack is deep", () => {
    const chain = Array.from({ length: 4_000 }, (_, i) => ({
      name: `${i}.proto`,
      dependency: i < 3_999 ? [`${i + 1}.proto`] : [],
    }));
    assert.equal([...put(...chain).files].length, 4_000);
  });
});
