import assert from "node:assert/strict";
import type { LookupAddress } from "node:dns";
import { describe, it } from "node:test";
import { answer, startEndpoint } from "../test/endpoint.ts";
import { checkEndpoint, type EndpointCheck, type EndpointState } from "./check-endpoint.ts";

const CHECK: EndpointCheck = { allow: ["127.0.0.0/8"], connects: false, timeoutMs: 5_000 };

const resolvesTo =
  (...addresses: readonly string[]) =>
  (): Promise<readonly LookupAddress[]> =>
    Promise.resolve(addresses.map((address) => ({ address, family: 4 })));

function failureOf(state: EndpointState): string {
  return state.kind === "failed" ? state.failure : state.kind;
}

describe("a look at an endpoint", () => {
  it("answers the addresses that may be called, and connects to none", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 200));
    const resolve = resolvesTo("127.0.0.1", "169.254.169.254", "10.0.0.1");
    const state = await checkEndpoint(`http://hook.test:${endpoint.port}/a`, { ...CHECK, resolve });
    assert.deepEqual(state, { kind: "reachable", addresses: ["127.0.0.1"] });
    assert.deepEqual(await checkEndpoint(endpoint.url, CHECK), { kind: "reachable", addresses: ["127.0.0.1"] });
    assert.equal(endpoint.connections(), 0);
  });

  it("refuses what a call would refuse, by the target's own list too", async () => {
    const look = (endpoint: string, given: Partial<EndpointCheck>): Promise<EndpointState> =>
      checkEndpoint(endpoint, { ...CHECK, ...given });
    assert.equal(failureOf(await look("http://127.0.0.1/", { allow: [] })), "egress_denied");
    assert.equal(failureOf(await look("http://[::1]/", {})), "egress_denied");
    assert.equal(failureOf(await look("http://8.8.8.8/", { only: true })), "egress_denied");
    assert.equal(failureOf(await look("http://10.1.2.3/", { ofTarget: ["10.0.0.0/8"] })), "reachable");
    const denied = await look("http://a.test/", { resolve: resolvesTo("10.0.0.1") });
    assert.match(denied.kind === "failed" ? denied.detail : "", /^10\.0\.0\.1: /);
    assert.equal(failureOf(await look("http://a.test/", { resolve: () => Promise.reject(new Error("no")) })), "dns");
  });

  it("connects where that is wanted, sends nothing, and says why it cannot", async (t) => {
    let requests = 0;
    const endpoint = await startEndpoint(t, (_incoming, response) => {
      requests++;
      answer(response, 200);
    });
    const connecting = { ...CHECK, connects: true };
    const state = await checkEndpoint(endpoint.url, connecting);
    assert.deepEqual(state, { kind: "reachable", addresses: ["127.0.0.1"] });
    assert.equal(endpoint.connections(), 1);
    assert.equal(requests, 0);
    assert.equal(failureOf(await checkEndpoint("http://127.0.0.1:1/", connecting)), "connect");
    assert.equal(failureOf(await checkEndpoint(endpoint.url.replace("http:", "https:"), connecting)), "tls");
  });

  it("ends in time where a resolver says nothing", async () => {
    const resolve = (): Promise<never> => new Promise(() => undefined);
    const state = await checkEndpoint("http://a.test/", { ...CHECK, resolve, timeoutMs: 50 });
    assert.deepEqual(state, { kind: "failed", failure: "timeout", detail: "no answer within 50 ms" });
  });
});
