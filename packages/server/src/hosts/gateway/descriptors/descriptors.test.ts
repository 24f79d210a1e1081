import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { assemble } from "./assembly/assemble.ts";
import { changes, createDescriptors, NO_DESCRIPTORS, type Descriptors } from "./descriptors.ts";
import { DEFAULT_LIMITS } from "./limits.ts";

/** Descriptors of an API with services and their methods. */
function api(
  services: Readonly<Record<string, readonly string[]>>,
  isServed?: (service: string) => boolean,
): Descriptors {
  const service = Object.entries(services).map(([name, methods]) => ({
    name,
    method: methods.map((method) => ({ name: method, inputType: ".p.A", outputType: ".p.A" })),
  }));
  const file = create(FileDescriptorProtoSchema, {
    name: "a.proto",
    package: "p",
    messageType: [{ name: "A" }],
    service,
  });
  return createDescriptors(
    assemble([file], { limits: DEFAULT_LIMITS, broken: "refuse", onMissingImport: "" }),
    isServed,
  );
}

describe("changes()", () => {
  const cases: readonly (readonly [
    what: string,
    before: Descriptors,
    after: Descriptors,
    came: string[],
    vanished: string[],
  ])[] = [
    ["nothing between the same", api({ S: ["A"] }), api({ S: ["A"] }), [], []],
    ["all of what comes first", NO_DESCRIPTORS, api({ S: ["B", "A"] }), ["/p.S/A", "/p.S/B"], []],
    [
      "a method that came and one that vanished",
      api({ S: ["A", "B"] }),
      api({ S: ["B", "C"] }),
      ["/p.S/C"],
      ["/p.S/A"],
    ],
    [
      "a method that moved to another service",
      api({ S: ["A"], T: [] }),
      api({ S: [], T: ["A"] }),
      ["/p.T/A"],
      ["/p.S/A"],
    ],
    ["everything when nothing is left", api({ S: ["A"], T: ["A"] }), NO_DESCRIPTORS, [], ["/p.S/A", "/p.T/A"]],
  ];
  for (const [what, before, after, came, vanished] of cases) {
    it(`finds ${what}`, () => assert.deepEqual(changes(before, after), { came, vanished }));
  }
});

describe("createDescriptors()", () => {
  it("lists services by name, and only those that are served", () => {
    const names = (descriptors: Descriptors): string[] => descriptors.services.map(({ typeName }) => typeName);
    assert.deepEqual(names(api({ T: [], S: [], U: [] })), ["p.S", "p.T", "p.U"]);
    const part = api({ T: [], S: [], U: [] }, (service) => service !== "p.T");
    assert.deepEqual(names(part), ["p.S", "p.U"]);
    assert.ok(part.registry.getService("p.T"));
  });

  it("cannot be changed", () => {
    const descriptors = api({ S: ["A"] });
    assert.throws(() => Object.assign(descriptors, { problems: [] }), TypeError);
    assert.throws(() => (descriptors.services as unknown[]).push(1), TypeError);
  });

  it("has another digest for other content or other services, and the same for the same", () => {
    assert.equal(api({ S: ["A"] }).digest, api({ S: ["A"] }).digest);
    assert.notEqual(api({ S: ["A"] }).digest, api({ S: ["B"] }).digest);
    assert.notEqual(api({ S: ["A"] }).digest, api({ S: ["A"] }, () => false).digest);
  });
});
