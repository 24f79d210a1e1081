import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { bufBuild, PROTOS, THIRD_PARTY } from "../../../../test/descriptors/buf.ts";
import { forSuite } from "../../../../test/harness/cleanup.ts";
import { temporaryDirectory } from "../../../../test/harness/server.ts";
import { assemble } from "./assembly/assemble.ts";
import { completeImports } from "./assembly/complete-imports.ts";
import { compileFiles, parseFile } from "./compile/index.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { DescriptorProblem } from "./problem.ts";

/** Runs work that may fail with a problem, and with nothing else. */
function mayRefuse(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof DescriptorProblem)) throw error;
  }
}

describe("hostile descriptors", () => {
  const suite = forSuite();
  let bytes: Uint8Array = new Uint8Array();
  before(async () => {
    const path = join(await temporaryDirectory(suite), "set.binpb");
    bufBuild([PROTOS, THIRD_PARTY], path, "--exclude-source-info", "--as-file-descriptor-set");
    bytes = await readFile(path);
  });

  it("are refused with a reason or used, whichever of their bytes are wrong", () => {
    const change = fc.record({ at: fc.nat(), byte: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.boolean(), (changes, isReflected) => {
        const changed = Uint8Array.from(bytes);
        for (const { at, byte } of changes) changed[at % changed.length] = byte;
        const set = parsed(changed);
        if (!set) return;
        if (isReflected) completeImports(set.file);
        const broken = isReflected ? "leave out" : "refuse";
        mayRefuse(() => assemble(set.file, { limits: DEFAULT_LIMITS, broken, onMissingImport: "" }));
      }),
      { numRuns: 300 },
    );
  });

  function parsed(changed: Uint8Array) {
    try {
      return fromBinary(FileDescriptorSetSchema, changed);
    } catch {
      return undefined;
    }
  }
});

describe("hostile .proto files", () => {
  it("are refused with a place or compiled, whatever is in them", async () => {
    const names = ["syntax/proto2.proto", "syntax/editions.proto", "acme/cart/v1/cart.proto"];
    const sources = await Promise.all(names.map((name) => readFile(join(PROTOS, name), "utf8")));
    // Pieces of the language, so that what is changed is often nearly right.
    const pieces = sources.flatMap((source) => source.match(/\w+|"[^"]*"|\S/g) ?? []);
    const change = fc.record({
      at: fc.nat(),
      remove: fc.nat(3),
      insert: fc.array(fc.constantFrom(...pieces), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.constantFrom(...sources), fc.array(change, { minLength: 1, maxLength: 3 }), (source, changes) => {
        const words = source.split(/(\s+)/);
        for (const { at, remove, insert } of changes) words.splice(at % words.length, remove, insert.join(" "));
        mayRefuse(() => {
          const files = compileFiles([parseFile(words.join(""), "a.proto", 32)], "");
          assemble(files, { limits: DEFAULT_LIMITS, broken: "refuse", onMissingImport: "" });
        });
      }),
      { numRuns: 500 },
    );
  });
});
