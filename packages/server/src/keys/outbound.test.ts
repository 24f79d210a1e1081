import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  mergedOutbound,
  NO_INSTANCE_OUTBOUND,
  NO_TARGET_OUTBOUND,
  openInstanceOutbound,
  openTargetOutbound,
  sealOutbound,
  type InstanceOutbound,
  type TargetOutbound,
} from "./outbound.ts";
import { instanceOutboundPlace, targetOutboundPlace } from "./places.ts";
import { createVault } from "./vault.ts";

const ENDPOINT = "https://hooks.corp/a";
const client = (clientId: string): NonNullable<TargetOutbound["oauth"]> => ({
  tokenUrl: "https://id.corp/token",
  clientId,
  clientSecret: "s",
  scopes: [],
});
const certificate = (privateKey: string): NonNullable<TargetOutbound["clientCertificate"]> => ({
  certificate: "c",
  privateKey,
});
const SHARED: InstanceOutbound = {
  headers: { "X-Key": "shared", "X-Other": "shared" },
  oauth: client("shared"),
  clientCertificate: certificate("shared"),
  origins: ["https://other.corp", "https://hooks.corp"],
};
const ALL = {
  headers: SHARED.headers,
  oauth: SHARED.oauth,
  clientCertificate: SHARED.clientCertificate,
};
const NOTHING = { headers: undefined, oauth: undefined, clientCertificate: undefined };

describe("mergedOutbound()", () => {
  const cases: readonly {
    readonly what: string;
    readonly own?: Partial<TargetOutbound>;
    readonly shared?: Partial<InstanceOutbound>;
    readonly endpoint?: string;
    readonly gives: object;
  }[] = [
    { what: "the instance's, to a target at one of its origins", gives: ALL },
    { what: "nothing to one elsewhere", endpoint: "https://hooks.corp:1/", gives: NOTHING },
    { what: "nothing where no origins are named", shared: { origins: [] }, gives: NOTHING },
    { what: "nothing to an endpoint that is no URL", endpoint: "hooks.corp", gives: NOTHING },
    { what: "nothing of the instance's to one that ignores it", own: { ignoresInstance: true }, gives: NOTHING },
    {
      what: "a target's own header for the instance's, in whichever case",
      own: { headers: { "x-key": "own", "x-more": "own" } },
      gives: { ...ALL, headers: { "X-Other": "shared", "x-key": "own", "x-more": "own" } },
    },
    {
      what: "a target's own client as a whole",
      own: { oauth: client("own") },
      gives: { ...ALL, oauth: client("own") },
    },
    {
      what: "a target's own certificate as a whole",
      own: { clientCertificate: certificate("own") },
      gives: { ...ALL, clientCertificate: certificate("own") },
    },
    {
      what: "a target's own alone, elsewhere",
      own: { headers: { a: "own" } },
      endpoint: "https://example.com/",
      gives: { ...NOTHING, headers: { a: "own" } },
    },
  ];
  for (const { what, own = {}, shared = {}, endpoint = ENDPOINT, gives } of cases) {
    it(`gives ${what}`, () => {
      assert.deepEqual(mergedOutbound({ ...NO_TARGET_OUTBOUND, ...own }, { ...SHARED, ...shared }, endpoint), gives);
    });
  }
});

describe("sealed outbound settings", () => {
  const vault = createVault([new Uint8Array(32).fill(1)]);
  const place = targetOutboundPlace("1", "2");

  it("open as they were sealed, where they were sealed for", () => {
    const own: TargetOutbound = { ...ALL, ignoresInstance: true };
    assert.deepEqual(openTargetOutbound(vault, place, sealOutbound(vault, place, own)), own);
    const ofInstance = instanceOutboundPlace("1");
    assert.deepEqual(openInstanceOutbound(vault, ofInstance, sealOutbound(vault, ofInstance, SHARED)), SHARED);
    assert.throws(() => openTargetOutbound(vault, targetOutboundPlace("1", "3"), sealOutbound(vault, place, own)));
  });

  it("are nothing where there is nothing to keep", () => {
    assert.equal(sealOutbound(vault, place, NO_TARGET_OUTBOUND), null);
    assert.equal(sealOutbound(vault, place, NO_INSTANCE_OUTBOUND), null);
    assert.deepEqual(openTargetOutbound(vault, place, null), NO_TARGET_OUTBOUND);
    assert.deepEqual(openInstanceOutbound(vault, place, null), NO_INSTANCE_OUTBOUND);
    assert.notEqual(sealOutbound(vault, place, { ...NO_TARGET_OUTBOUND, ignoresInstance: true }), null);
    assert.notEqual(sealOutbound(vault, place, { ...NO_INSTANCE_OUTBOUND, origins: ["https://a.corp"] }), null);
  });
});
