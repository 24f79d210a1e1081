import assert from "node:assert/strict";
import type { LookupAddress } from "node:dns";
import { describe, it } from "node:test";
import { assertFailed, LOOPBACK, request } from "../test/call.ts";
import { delivery } from "../test/deliver.ts";
import { answer, startEndpoint } from "../test/endpoint.ts";
import { createConnectionPools, type ConnectionPool } from "./connection-pools.ts";
import { validateTargetCallerOptions } from "./options.ts";
import { createTargetCaller } from "./target-caller.ts";

const { signal } = new AbortController();
const atLoopback = (): Promise<readonly LookupAddress[]> => Promise.resolve([{ address: "127.0.0.1", family: 4 }]);

describe("a target's own egress list", () => {
  for (const list of [["127.0.0.0/8"], ["hooks.corp"], ["*.corp"], ["10.0.0.0/8", "hooks.corp"]]) {
    it(`of ${list.join(", ")} lets it be called and delivered to, and no other target over its connections`, async (t) => {
      const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 200));
      const caller = createTargetCaller({ resolve: atLoopback, maxConnectionsPerOrigin: 1 });
      t.after(() => caller.close());
      const url = `http://hooks.corp:${endpoint.port}/`;
      for (let i = 0; i < 3; i++) {
        assert.equal((await caller.call(request(url, { egressAllow: list }), signal)).kind, "replied");
        assert.equal((await caller.deliver(delivery(url, { egressAllow: list }), signal)).kind, "replied");
        for (const other of [undefined, [], ["other.corp"], ["127.0.0.0/32"]]) {
          assertFailed(await caller.call(request(url, { egressAllow: other }), signal), "egress_denied");
          const delivered = await caller.deliver(delivery(url, { egressAllow: other }), signal);
          assert.ok(delivered.kind === "failed" && delivered.failure === "egress_denied");
        }
      }
      assert.equal(endpoint.connections(), 1, "the connection is kept, and shared by calls and deliveries");
    });
  }

  it("counts at once when it changes", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 200));
    const caller = createTargetCaller();
    t.after(() => caller.close());
    for (const egressAllow of [LOOPBACK, undefined, ["127.0.0.1"], ["127.0.0.2"]]) {
      const { kind } = await caller.call(request(endpoint.url, { egressAllow }), signal);
      assert.equal(kind, egressAllow?.[0] === undefined || egressAllow[0] === "127.0.0.2" ? "failed" : "replied");
    }
  });

  it("adds to what is allowed for all, with only the listed ones too", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 200));
    for (const egressOnly of [false, true]) {
      const caller = createTargetCaller({ egressAllow: ["common.corp"], egressOnly, resolve: atLoopback });
      t.after(() => caller.close());
      for (const [host, egressAllow, failure] of [
        ["common.corp", undefined, false],
        ["common.corp", ["own.corp"], false],
        ["own.corp", ["own.corp"], false],
        ["own.corp", undefined, true],
      ] as const) {
        const exchange = await caller.call(request(`http://${host}:${endpoint.port}/`, { egressAllow }), signal);
        assert.equal(exchange.kind === "failed", failure, host);
      }
    }
  });

  it("holds for where the target redirects", async (t) => {
    const inside = await startEndpoint(t, (_incoming, response) => answer(response, 200));
    const first = await startEndpoint(t, (_incoming, response) =>
      answer(response, 307, "", { location: `http://second.corp:${inside.port}/` }),
    );
    const caller = createTargetCaller({ egressAllow: ["first.corp"], resolve: atLoopback });
    t.after(() => caller.close());
    const url = `http://first.corp:${first.port}/`;
    assertFailed(await caller.call(request(url), signal), "egress_denied");
    assert.equal((await caller.call(request(url, { egressAllow: ["second.corp"] }), signal)).kind, "replied");
    assertFailed(await caller.call(request(url), signal), "egress_denied");
    assert.equal(inside.connections(), 1);
  });

  it("does not let link-local addresses be called", async () => {
    const caller = createTargetCaller();
    const egressAllow = ["0.0.0.0/0", "::/0"];
    for (const url of ["http://169.254.169.254/", "http://[fe80::1]/", "http://[fd00:ec2::254]/"])
      assertFailed(await caller.call(request(url, { egressAllow }), signal), "egress_denied");
    await caller.close();
  });

  it("that cannot be read lets nothing be called, and says so", async () => {
    const caller = createTargetCaller();
    const exchange = await caller.call(request("http://8.8.8.8/", { egressAllow: ["10.0.0.0/99"] }), signal);
    assertFailed(exchange, "egress_denied");
    assert.match(exchange.kind === "failed" ? exchange.detail : "", /egress_allow: "10\.0\.0\.0\/99" is not a network/);
    await caller.close();
  });

  it("has connections of its own for as long as calls are under way, however many lists there are", async (t) => {
    const release: (() => void)[] = [];
    const endpoint = await startEndpoint(t, (incoming, response) => {
      if (incoming.url === "/") answer(response, 200);
      else release.push(() => answer(response, 200));
    });
    const caller = createTargetCaller();
    t.after(() => caller.close());
    const call = (list: readonly string[], path = "") =>
      caller.call(request(`${endpoint.url}${path}`, { egressAllow: list, timeoutMs: 30_000 }), signal);
    const held = call(["127.0.0.0/8", "held.corp"], "held");
    for (let i = 0; i < 600; i++) assert.equal((await call(["127.0.0.0/8", `n${i}.corp`])).kind, "replied");
    for (const each of release) each();
    assert.equal(release.length, 1);
    assert.equal((await held).kind, "replied");
  });
});

describe("createConnectionPools()", () => {
  const list = (i: number): readonly string[] => [`n${i}.corp`];
  const isClosed = ({ connections }: ConnectionPool): boolean => connections.of(undefined).destroyed;

  it("keeps one pool for a list, whoever gives it, and one for all without", async () => {
    const pools = createConnectionPools(validateTargetCallerOptions({}));
    const first = pools.enter(list(1));
    assert.equal(pools.enter(list(1)), first);
    assert.notEqual(pools.enter(list(2)), first);
    assert.equal(pools.enter(undefined), pools.enter([]));
    await pools.destroy();
    assert.ok(isClosed(first));
  });

  it("closes pools that nobody is in, the oldest first, and none that somebody is in", async () => {
    const pools = createConnectionPools(validateTargetCallerOptions({}));
    const held = pools.enter(list(0));
    const idle = pools.enter(list(1));
    idle.leave();
    const used = pools.enter(list(2));
    used.leave();
    for (let i = 3; i < 300; i++) {
      pools.enter(list(i)).leave();
      pools.enter(list(2)).leave();
    }
    assert.deepEqual([held, idle, used].map(isClosed), [false, true, false]);
    assert.notEqual(pools.enter(list(1)), idle, "it is made anew");
    held.leave();
    for (let i = 300; i < 600; i++) pools.enter(list(i)).leave();
    assert.ok(isClosed(held));
    await pools.destroy();
  });
});
