import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nearest } from "./nearest.ts";

describe("nearest()", () => {
  const known = ["port", "host", "dataDir", "limits.maxMessageBytes", "limits.maxPayloadBytes"];
  const cases: readonly { readonly given: string; readonly finds: string | undefined }[] = [
    { given: "port", finds: "port" },
    { given: "prot", finds: "port" },
    { given: "ports", finds: "port" },
    { given: "datadir", finds: "dataDir" },
    { given: "limits.maxMessagesByte", finds: "limits.maxMessageBytes" },
    { given: "limits.maxPayload", finds: undefined },
    { given: "xyz", finds: undefined },
    { given: "", finds: undefined },
  ];
  for (const { given, finds } of cases)
    it(`finds ${finds ?? "nothing"} for "${given}"`, () => assert.equal(nearest(given, known), finds));

  it("finds nothing among nothing", () => assert.equal(nearest("port", []), undefined));
});
