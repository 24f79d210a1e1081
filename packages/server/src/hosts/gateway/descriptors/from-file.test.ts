import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { create, getOption, hasOption, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { InterposeError } from "@interpose/engine";
import { http } from "@interpose/protocol/gen/google/api/annotations_pb";
import { forSuite } from "../../../../test/harness/cleanup.ts";
import { temporaryDirectory } from "../../../../test/harness/server.ts";
import { loadDescriptors, type Descriptors, type DescriptorLimits } from "./index.ts";
import { bufBuild, PROTOS, THIRD_PARTY } from "../../../../test/descriptors/buf.ts";

const FOLDERS = [PROTOS, THIRD_PARTY];

type FileInit = NonNullable<MessageInitShape<typeof FileDescriptorSetSchema>["file"]>[number];

describe("a file of descriptors", () => {
  const suite = forSuite();
  let folder = "";
  before(async () => {
    folder = await temporaryDirectory(suite);
    bufBuild(FOLDERS, join(folder, "image.binpb"));
    bufBuild(FOLDERS, join(folder, "image.json"));
    bufBuild(FOLDERS, join(folder, "image.binpb.gz"));
    bufBuild(FOLDERS, join(folder, "image.json.gz"));
    bufBuild(FOLDERS, join(folder, "set.binpb"), "--as-file-descriptor-set", "--exclude-source-info");
    await writeFile(join(folder, "image-json"), await readFile(join(folder, "image.json")));
  });

  for (const name of ["image.binpb", "image.json", "image.binpb.gz", "image.json.gz", "set.binpb", "image-json"]) {
    it(`is read from buf's ${name}, with custom options`, async () => {
      checkShop(await load(join(folder, name)));
    });
  }

  it("is the same for the same content, and another one for another", async () => {
    const [binary, packed] = await Promise.all(
      ["image.binpb", "image.binpb.gz"].map((name) => load(join(folder, name))),
    );
    const other = await load(join(folder, "set.binpb"));
    assert.equal(binary?.digest, packed?.digest);
    assert.notEqual(binary?.digest, other.digest);
  });

  it("needs neither protobuf's own files nor google/api's, if it was made without imports", async () => {
    const paths = ["acme", "syntax"].flatMap((name) => ["--path", join(PROTOS, name)]);
    bufBuild(FOLDERS, join(folder, "bare.binpb"), "--exclude-imports", ...paths);
    checkShop(await load(join(folder, "bare.binpb")));
  });

  it("names the import that is missing, and the flag that brings it", async () => {
    bufBuild(
      FOLDERS,
      join(folder, "part.binpb"),
      "--exclude-imports",
      "--path",
      join(PROTOS, "acme/shop/v1/shop.proto"),
    );
    await refused(
      join(folder, "part.binpb"),
      /acme\/shop\/v1\/shop\.proto imports "acme\/shop\/v1\/money\.proto", which is missing\. .*--include_imports/,
    );
  });

  const noProtoc = spawnSync("protoc", ["--version"]).status === 0 ? false : "protoc is not on this machine";
  it("is read as protoc writes it, with its imports and without", { skip: noProtoc }, async () => {
    for (const flags of [["--include_imports"], []]) {
      const output = join(folder, "protoc.binpb");
      const protos = ["acme/shop/v1/shop.proto", "acme/shop/v1/money.proto", "acme/options.proto", "acme/units.proto"];
      const args = [...FOLDERS.map((path) => `-I${path}`), ...flags, `--descriptor_set_out=${output}`, ...protos];
      const { status, stderr } = spawnSync("protoc", args);
      assert.equal(status, 0, stderr.toString());
      checkShop(await load(output));
    }
  });

  const files: readonly (readonly [what: string, bytes: () => Uint8Array, error: RegExp])[] = [
    ["nothing", () => new Uint8Array(), /holds no descriptors\. Make one with `buf build -o FILE\.binpb`/],
    ["text", () => Buffer.from("syntax = 'proto3';"), /is no set of descriptors: .*Make one with/],
    ["a program", () => Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]), /is no set of descriptors: /],
    ["JSON of something else", () => Buffer.from('{"file": 7}'), /is no set of descriptors in JSON: /],
    ["JSON that is cut off", () => Buffer.from('{"file": ['), /is no set of descriptors in JSON: /],
    ["JSON without files", () => Buffer.from('{"swagger": "2.0"}'), /holds no descriptors/],
    ["JSON that is nested deeply", () => Buffer.from(`{"file": [${'{"messageType": ['.repeat(50_000)}`), /in JSON: /],
    ["gzip that is cut off", () => gzipSync("text").subarray(0, 12), /gzip cannot unpack it: /],
    [
      "messages that are nested deeply",
      () => setOf({ name: "a.proto", messageType: [nested(40)] }),
      /a\.proto: .* is nested deeper than 32 messages/,
    ],
    [
      "descriptors that are broken",
      () => setOf({ name: "a.proto", service: [{ name: "S", method: [{ name: "M" }] }] }),
      /a\.proto: S\.M names no message/,
    ],
    ["messages that are nested without end", () => deepBytes(5_000), /is no set of descriptors: .*recursion/],
  ];
  for (const [what, bytes, error] of files) {
    it(`is refused when it holds ${what}`, async (t) => refused(await written(t, bytes()), error));
  }

  const limits: readonly (readonly [what: string, name: string, limits: Partial<DescriptorLimits>, error: RegExp])[] = [
    ["bytes", "image.binpb", { maxBytes: 1000 }, /it is larger than 1000 bytes/],
    ["bytes, unpacked", "image.json.gz", { maxBytes: 200_000 }, /unpacked, it is larger than 200000 bytes/],
    ["files", "image.binpb", { maxFiles: 3 }, /there are \d+ files, and at most 3 are read/],
  ];
  for (const [what, name, limit, error] of limits) {
    it(`has a limit of ${what}`, async () => refused(join(folder, name), error, limit));
  }

  it("says so when it is not there, or no file", async () => {
    await refused(join(folder, "none"), /there is no such file or folder/, {}, "descriptors_unavailable");
    await refused("/dev/null", /it is neither a file nor a folder/);
  });
});

function setOf(...file: readonly FileInit[]): Uint8Array {
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: [...file] }));
}

function nested(depth: number): { name: string; nestedType: any[] } {
  return { name: "M", nestedType: depth > 1 ? [nested(depth - 1)] : [] };
}

/** Messages in messages, written from the inside, as no library would. */
function deepBytes(depth: number): Uint8Array {
  let inner: Buffer = Buffer.alloc(0);
  for (let i = 0; i < depth; i++) inner = Buffer.concat([Buffer.from([0x1a]), length(inner.length), inner]);
  const file = Buffer.concat([Buffer.from([0x22]), length(inner.length), inner]);
  return Buffer.concat([Buffer.from([0x0a]), length(file.length), file]);
}

function length(size: number): Buffer {
  const bytes: number[] = [];
  for (let rest = size; ; rest = rest >>> 7) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 127) | 128);
  }
}

async function written(t: TestContext, bytes: Uint8Array): Promise<string> {
  const path = join(await temporaryDirectory(t), "set");
  await writeFile(path, bytes);
  return path;
}

const load = (path: string): Promise<Descriptors> => loadDescriptors({ kind: "path", path });

function checkShop({ services, problems, registry }: Descriptors): void {
  assert.deepEqual(problems, []);
  const shop = services.find(({ typeName }) => typeName === "acme.shop.v1.Shop");
  const getItem = shop?.methods.find(({ name }) => name === "GetItem");
  assert.ok(getItem && hasOption(getItem, http));
  assert.equal(getOption(getItem, http).pattern.value, "/v1/{name=shelves/*/items/*}");
  assert.equal(getOption(getItem, http).additionalBindings.length, 2);
  const card = registry.getMessage("acme.shop.v1.Item")?.fields.find(({ name }) => name === "card_number");
  assert.equal(card?.proto.options?.debugRedact, true);
}

async function refused(
  path: string,
  error: RegExp,
  limits: Partial<DescriptorLimits> = {},
  reason = "descriptors_invalid",
): Promise<void> {
  await assert.rejects(loadDescriptors({ kind: "path", path }, { limits }), (thrown) => {
    assert.ok(thrown instanceof InterposeError, String(thrown));
    assert.equal(thrown.reason, reason);
    assert.match(thrown.message, /^The descriptors of .* cannot be used: .*\.$/);
    assert.match(thrown.message, error);
    return true;
  });
}
