import assert from "node:assert/strict";
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { createFileRegistry, fromBinary, getOption, type DescService } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { InterposeError } from "@interpose/engine";
import { createRoutes } from "@interpose/protocol";
import { field as fieldRules } from "@interpose/protocol/gen/buf/validate/validate_pb";
import { temporaryDirectory } from "../../../../test/harness/server.ts";
import { loadDescriptors, type Descriptors, type DescriptorLimits } from "./index.ts";
import { bufBuild, PROTOS, THIRD_PARTY } from "../../../../test/descriptors/buf.ts";

const SHOP = "acme.shop.v1.Shop";

/** Files of a folder, by path. */
type Files = Readonly<Record<string, string | Uint8Array>>;

const message = (name: string, body = ""): string => `syntax = "proto3"; message ${name} { ${body} }`;

describe("a folder of .proto files", () => {
  it("leads to the same REST as the descriptors that buf builds of it", async (t) => {
    const output = join(await temporaryDirectory(t), "set.binpb");
    bufBuild([PROTOS, THIRD_PARTY], output);
    const built = createFileRegistry(fromBinary(FileDescriptorSetSchema, await readFile(output)));
    const compiled = (await load(PROTOS)).registry;
    const expected = routesOf(built.getService(SHOP));
    assert.deepEqual(routesOf(compiled.getService(SHOP)), expected);
    assert.deepEqual(
      expected.map(([verb, method]) => `${verb} ${method}`),
      ["GET GetItem", "GET GetItem", "REPORT GetItem", "PUT PutItem"],
    );
  });

  it("keeps what is to be hidden, and options of others", async (t) => {
    const { registry } = await load(PROTOS);
    const item = registry.getMessage("acme.shop.v1.Item");
    assert.ok(item);
    assert.equal(item.fields.find(({ name }) => name === "card_number")?.proto.options?.debugRedact, true);
    assert.equal(item.fields.find(({ name }) => name === "stock")?.jsonName, "inStock");

    const folder = await written(t, {
      "a.proto": `syntax = "proto3"; import "buf/validate/validate.proto";
        message A { string b = 1 [(buf.validate.field).string.min_len = 3]; }`,
    });
    const field = (await load(folder)).registry.getMessage("A")?.fields[0];
    assert.ok(field);
    const { type } = getOption(field, fieldRules);
    assert.ok(type.case === "string");
    assert.equal(type.value.minLen, 3n);
  });

  const roots: readonly (readonly [what: string, files: Files, names: readonly string[]])[] = [
    [
      "the folder itself",
      { "a.proto": message("A"), "b/b.proto": `${message("B", "A a = 1;")} import "a.proto";` },
      ["a.proto", "b/b.proto"],
    ],
    [
      "folders in it, one for each origin",
      {
        "proto/acme/a.proto": `${message("A", "B b = 1;")} import "other/b.proto";`,
        "third_party/other/b.proto": message("B"),
      },
      ["other/b.proto", "proto/acme/a.proto"],
    ],
    [
      "the folder of the importing file",
      { "x/y/a.proto": `${message("A", "B b = 1;")} import "b.proto";`, "x/y/b.proto": message("B") },
      ["a.proto", "b.proto"],
    ],
    [
      "different places for different files",
      {
        "v1/a.proto": 'syntax = "proto3"; package v1; import "b.proto"; message A { B b = 1; }',
        "v1/b.proto": 'syntax = "proto3"; package v1; message B {}',
        "v2/a.proto": 'syntax = "proto3"; package v2; import "v2/b.proto"; message A { B b = 1; }',
        "v2/b.proto": 'syntax = "proto3"; package v2; message B {}',
      },
      ["a.proto", "b.proto", "v2/a.proto", "v2/b.proto"],
    ],
    [
      "its own copy of a file that everybody knows",
      {
        "a.proto": `${message("A", "google.rpc.Code c = 1;")} import "google/rpc/code.proto";`,
        "vendor/google/rpc/code.proto": 'syntax = "proto3"; package google.rpc; enum Code { OWN = 0; }',
      },
      ["a.proto", "google/rpc/code.proto"],
    ],
  ];
  for (const [what, files, names] of roots) {
    it(`may have imports that start from ${what}`, async (t) => {
      const { registry } = await load(await written(t, files));
      assert.deepEqual([...registry.files].map(({ proto }) => proto.name).sort(), names);
    });
  }

  it("may be mounted: links are followed, and what begins with a dot is not looked at", async (t) => {
    const folder = await written(t, {
      "..2024/a.proto": message("A"),
      ".git/broken.proto": "broken",
      "node_modules/x/broken.proto": "broken",
      "README.md": "# Protos",
    });
    await symlink("..2024", join(folder, "..data"));
    await symlink("..data/a.proto", join(folder, "a.proto"));
    await symlink(".", join(folder, "again"));
    await symlink("nowhere.proto", join(folder, "lost.proto"));
    assert.deepEqual(
      [...(await load(folder)).registry.files].map(({ proto }) => proto.name),
      ["a.proto"],
    );
  });

  it("may begin with a byte order mark, and have lines that end as on Windows", async (t) => {
    const folder = await written(t, { "a.proto": '\ufeffsyntax = "proto3";\r\n// ü\r\nmessage A {\r\n}\r\n' });
    assert.ok((await load(folder)).registry.getMessage("A"));
  });

  const broken: readonly (readonly [what: string, files: Files, error: RegExp, limits?: Partial<DescriptorLimits>])[] =
    [
      ["without .proto files", { "a.txt": "" }, /it has no \.proto files/],
      [
        "with a file that is broken",
        { "x/a.proto": 'syntax = "proto3";\nmessage A {\n  string b;\n}' },
        /x\/a\.proto:3:11: expected "=", found ";"/,
      ],
      ["with a type that is not there", { "a.proto": message("A", "B b = 1;") }, /a\.proto:1:32: there is no "B"/],
      [
        "with an import that is missing",
        { "a.proto": 'import "acme/b.proto";' },
        /a\.proto imports "acme\/b\.proto", which is missing\. Put it into the folder, or make a set of descriptors with `buf build -o FILE\.binpb`/,
      ],
      [
        "with an import that may be two files",
        { "a.proto": 'import "b.proto";', "x/b.proto": "", "y/b.proto": "" },
        /a\.proto imports "b\.proto", which may be x\/b\.proto or y\/b\.proto: name the folder that imports start from/,
      ],
      [
        "with imports in a circle",
        { "a.proto": 'import "b.proto";', "b.proto": 'import "a.proto";' },
        /files import each other in a circle/,
      ],
      [
        "with two files that define the same",
        { "a.proto": message("A"), "b.proto": message("A") },
        /"A" is defined twice: as message, in a\.proto and in b\.proto/,
      ],
      [
        "with a number that is used twice",
        { "a.proto": message("A", "string b = 1; string c = 1;") },
        /a\.proto: A uses the number 1 for b and for c/,
      ],
      [
        "with a file that is no text",
        { "a.proto": new Uint8Array([0xff, 0xfe, 0x00]) },
        /a\.proto is no text in UTF-8/,
      ],
      ["with too many files", { "a.proto": "", "b.proto": "" }, /it has more than 1 \.proto files/, { maxFiles: 1 }],
      [
        "with too many bytes",
        { "a.proto": `//${"x".repeat(600)}`, "b.proto": `//${"x".repeat(600)}` },
        /its \.proto files are larger than 1000 bytes together/,
        { maxBytes: 1000 },
      ],
    ];
  for (const [what, files, error, limits] of broken) {
    it(`is refused ${what}`, async (t) => {
      const folder = await written(t, files);
      await assert.rejects(loadDescriptors({ kind: "path", path: folder }, limits ? { limits } : {}), (thrown) => {
        assert.ok(thrown instanceof InterposeError, String(thrown));
        assert.equal(thrown.reason, "descriptors_invalid");
        assert.ok(thrown.message.startsWith(`The descriptors of ${folder} cannot be used: `), thrown.message);
        assert.match(thrown.message, error);
        return true;
      });
    });
  }

  it("may hold the project's own API, which needs no buf.yaml", async (t) => {
    const folder = await temporaryDirectory(t);
    await cp(join(THIRD_PARTY, "../proto"), join(folder, "proto"), { recursive: true });
    await cp(THIRD_PARTY, join(folder, "third_party"), { recursive: true });
    const { services } = await load(folder);
    assert.ok(services.some(({ typeName }) => typeName === "zitadel.action.v3alpha.ActionService"));
  });
});

const load = (path: string): Promise<Descriptors> => loadDescriptors({ kind: "path", path });

async function written(t: TestContext, files: Files): Promise<string> {
  const folder = await temporaryDirectory(t);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

function routesOf(
  service: DescService | undefined,
): readonly (readonly [verb: string, method: string, rest: unknown])[] {
  assert.ok(service);
  return createRoutes([service]).all.map(({ verb, method, template, body, responseField }) => [
    verb,
    method.name,
    { template, body: typeof body === "string" ? body : body.name, responseField: responseField?.name },
  ]);
}
