// Events of Interpose's own, from the change over the API to the target that is told of it.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, describe, it } from "node:test";
import { OWN_EVENT_TYPES } from "../src/events/own-events.ts";
import { createTarget, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { eventually } from "./harness/eventually.ts";
import { startServer, type RequestOptions, type TestServer } from "./harness/server.ts";
import { startTarget, type ReceivedCall, type TestTarget } from "./harness/target.ts";

const GUIDE = new URL("../../../docs/events.md", import.meta.url);

/** What a target is told of an event. */
interface ToldEvent {
  readonly event_type: string;
  readonly aggregateID: string;
  readonly aggregateType: string;
  readonly sequence: number;
  readonly event_payload: Readonly<Record<string, unknown>>;
}

const told = ({ calls }: TestTarget): readonly ToldEvent[] => calls.map(({ body }) => body as ToldEvent);

/** A server that is asked by tests, each answer of which must be a good one. */
function asking(server: TestServer) {
  return async (verb: string, path: string, body?: unknown, options?: RequestOptions): Promise<any> => {
    const answer = await server.request(verb, path, body, options);
    assert.ok(answer.status < 300, `${verb} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
}

/** Events in an order of their own: between events, targets are told in none. */
function inOrder(events: readonly (readonly [string, string, object])[]): readonly unknown[] {
  const keyOf = ([type, id, payload]: (typeof events)[number]): string =>
    JSON.stringify([type, id, Object.entries(payload).sort()]);
  return events.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** Keys of the payload of each type, as the guide has them. */
async function documentedKeys(): Promise<ReadonlyMap<string, readonly string[]>> {
  const guide = await readFile(GUIDE, "utf8");
  const rows = guide.matchAll(/^\| (`[a-z_]+\.[a-z_.]+`(?:, `[a-z_.]+`)*) \|[^|]*\| (.*) \|$/gm);
  const words = (text = ""): string[] => [...text.matchAll(/`(\w[\w.]*)`/g)].map(([, word]) => word ?? "");
  const keys = [...rows].flatMap(([, types, payload]) => words(types).map((type) => [type, words(payload)] as const));
  const all = new Map(keys);
  // "of these" are those of the row before.
  for (const type of ["target", "function"]) {
    const added = all.get(`${type}.added`) ?? all.get(`${type}.declared`) ?? [];
    all.set(`${type}.changed`, [...added, ...(all.get(`${type}.changed`) ?? [])]);
  }
  return all;
}

describe("events of Interpose's own", () => {
  const suite = forSuite();
  let server: TestServer;
  let ask: ReturnType<typeof asking>;
  before(async () => {
    server = await startServer(suite);
    ask = asking(server);
  });

  it("reach the targets of executions on their type, their group and all events, for each kind of change", async (t) => {
    const [byType, byGroup, byAll] = [await startTarget(t), await startTarget(t), await startTarget(t)];
    const watchers = [
      await createTarget(server, { endpoint: byType.url }),
      await createTarget(server, { endpoint: byGroup.url }),
      await createTarget(server, { endpoint: byAll.url }),
    ] as const;
    const { resourceOwner: instanceId } = await setExecution(server, { event: { all: true } }, [watchers[2]]);
    await setExecution(server, { event: { group: "execution" } }, [watchers[1]]);
    await setExecution(server, { event: { event: "target.added" } }, [watchers[0]]);

    const endpoint = "https://me:a-secret-password@example.com/hook?key=a-secret-key#a-secret-key";
    const id = await createTarget(server, { name: "made", endpoint, timeout: "3s", payloadType: "json" });
    await ask("PUT", `/v3alpha/targets/${id}`, { endpoint: "https://you:another-password@example.com/other" });
    await ask("PATCH", `/v1/targets/${id}/settings`, { delivery: { maxConcurrency: 3 } });
    await ask("POST", `/v1/targets/${id}:pause`, { reason: "on a whim" });
    await ask("POST", `/v1/targets/${id}:resume`, { reason: "enough" });
    const rotated = await ask("POST", `/v1/targets/${id}:rotateSigningKey`, { grace: "60s" });
    await ask("PATCH", `/v1/targets/${id}/outbound`, { headers: { "X-Key": "a-secret-header" } });
    await ask("PATCH", "/v1/instance/outbound", { origins: ["https://hooks.corp"], headers: { a: "a-secret-header" } });
    await ask("PATCH", "/v1/instance/outbound?updateMask=*", {});
    const condition = { event: { event: "own.tested" } };
    await setExecution(server, condition, [id]);
    await ask("PATCH", "/v1/executionOptions/event/own.tested", { fifoBy: "aggregate" });
    await ask("DELETE", "/v3alpha/executions", { condition });
    await setExecution(server, condition, [id]);
    await ask("DELETE", `/v3alpha/targets/${id}`);
    const token = await ask("POST", "/v1/tokens", { name: "told", role: "ROLE_NONE", permissions: ["event.read"] });
    await ask("POST", `/v1/tokens/${token.id}:revoke`, {});
    await ask("POST", "/v1/functions", { name: "toldOf", description: "once" });
    await ask("PATCH", "/v1/functions/toldOf", { description: "twice" });
    await ask("DELETE", "/v1/functions/toldOf");
    await ask("POST", "/v1/eventTypes", { type: "own.declared", description: "for a moment" });
    await ask("DELETE", "/v1/eventTypes/own.declared");

    const added = {
      name: "made",
      type: "webhook",
      endpoint: "https://example.com/hook",
      timeoutMs: 3_000,
      interruptOnError: true,
      dialect: "v3alpha",
    };
    const expected: Readonly<Record<"byType" | "byGroup" | "byAll", readonly [string, string, object][]>> = {
      byType: [["target.added", id, added]],
      byGroup: [
        ["execution.set", "event/target.added", { entries: [{ target: watchers[0] }] }],
        ["execution.set", "event/own.tested", { entries: [{ target: id }] }],
        ["execution.options_changed", "event/own.tested", { fifoBy: "aggregate" }],
        ["execution.removed", "event/own.tested", {}],
        ["execution.set", "event/own.tested", { entries: [{ target: id }] }],
        ["execution.removed", "event/own.tested", { lastTarget: id }],
      ],
      byAll: [
        // The execution on the group was no part of what was in force when it was set.
        ["execution.set", "event/execution.*", { entries: [{ target: watchers[1] }] }],
        ["target.changed", id, { endpoint: "https://example.com/other" }],
        ["target.changed", id, { delivery: { maxConcurrency: 3 } }],
        ["target.paused", id, { reason: "on a whim" }],
        ["target.resumed", id, { reason: "enough" }],
        ["target.signing_key.rotated", id, { keyId: rotated.key.id, algorithm: "hmac", graceMs: 60_000 }],
        ["target.outbound.changed", id, { changed: ["headers.x-key"] }],
        ["instance_outbound.changed", instanceId, { changed: ["headers.a", "origins"] }],
        ["instance_outbound.changed", instanceId, { changed: ["headers.a", "origins"] }],
        ["target.removed", id, { name: "made", executions: ["event/own.tested"] }],
        ["token.added", token.id, { name: "told", role: "none", permissions: ["event.read"], expiresAt: null }],
        ["token.revoked", token.id, {}],
        ["function.declared", "toldOf", { description: "once", inputSchema: null, replySchema: null }],
        ["function.changed", "toldOf", { description: "twice" }],
        ["function.removed", "toldOf", {}],
        ["event_type.declared", "own.declared", { description: "for a moment" }],
        ["event_type.removed", "own.declared", {}],
      ],
    };
    const endpoints = { byType, byGroup, byAll };
    for (const name of ["byType", "byGroup", "byAll"] as const) {
      const target = endpoints[name];
      await eventually(`all events ${name}`, () => target.calls.length >= expected[name].length).catch(() => undefined);
      const came = told(target).map((event) => [event.event_type, event.aggregateID, event.event_payload] as const);
      assert.deepEqual(inOrder(came), inOrder(expected[name]), name);
    }

    const all = [byType, byGroup, byAll].flatMap(told);
    // Those of public keys and of the instance's are tested with their commands.
    const types = OWN_EVENT_TYPES.filter((type) => !/^(target\.key|instance_key)\./.test(type));
    assert.deepEqual(new Set(all.map((event) => event.event_type)), new Set(types));
    const documented = await documentedKeys();
    for (const { event_type, aggregateType, sequence, event_payload, ...event } of all) {
      const { instanceID, resourceOwner, version, created_at, userID, aggregateID, ...more } = event as any;
      assert.deepEqual([aggregateType, resourceOwner, version], [event_type.split(".")[0], instanceID, "v1"]);
      assert.ok(sequence >= 1 && Date.parse(created_at) > 0 && userID && aggregateID && instanceID);
      assert.deepEqual(more, {});
      const known = documented.get(event_type) ?? assert.fail(`docs/events.md does not tell of ${event_type}`);
      for (const key of Object.keys(event_payload)) assert.ok(known.includes(key), `${event_type} has ${key}`);
    }
    const secrets = [
      "a-secret-password",
      "a-secret-key",
      "another-password",
      "a-secret-header",
      token.token as string,
      rotated.secret as string,
    ];
    const { body } = await server.request("GET", "/v1/events?pageSize=1000");
    for (const text of [JSON.stringify(all), JSON.stringify(body)])
      for (const secret of secrets) assert.equal(text.includes(secret), false, "no secret is told");
    for (const given of [
      { event: { all: true } },
      { event: { group: "execution" } },
      { event: { event: "target.added" } },
    ])
      await ask("DELETE", "/v3alpha/executions", { condition: given });
  });

  /** A target that answers each event by renaming a target, by the API. */
  async function changingTarget(
    t: Parameters<typeof startTarget>[0],
    headers: (call: ReceivedCall) => Record<string, string>,
  ): Promise<{ readonly endpoint: TestTarget; readonly id: string; readonly spares: readonly string[] }> {
    let changes = 0;
    const endpoint = await startTarget(t, async (call) => {
      const { aggregateID } = call.body as ToldEvent;
      const name = { name: `renamed ${endpoint.url} ${++changes}` };
      await ask("PUT", `/v3alpha/targets/${aggregateID}`, name, { headers: headers(call) });
      return {};
    });
    const id = await createTarget(server, { endpoint: endpoint.url });
    const spares: string[] = [];
    for (let i = 0; i < 8; i++) spares.push(await createTarget(server, { endpoint: "https://example.com/" }));
    await setExecution(server, { event: { event: "target.changed" } }, [id]);
    return { endpoint, id, spares };
  }
  const rename = (id: string | undefined): Promise<unknown> =>
    ask("PUT", `/v3alpha/targets/${id}`, { name: `renamed by hand ${id}` });

  it("end as dead letters where a target causes them that sends back what led to it", async (t) => {
    const back = ({ headers }: ReceivedCall) => ({ "interpose-run": String(headers["interpose-run"]) });
    const { endpoint, id, spares } = await changingTarget(t, back);
    await rename(spares[0]);
    const dead = await eventually("the dead letter", async () => {
      const { deliveries = [] } = await ask("GET", `/v1/deliveries?targetId=${id}&states=DELIVERY_STATE_DEAD`);
      return deliveries[0];
    });
    assert.deepEqual([dead.reason, dead.attemptCount ?? 0, dead.event.type], ["run_too_deep", 0, "target.changed"]);
    // Of what was changed by hand, and by five deliveries that led to one another; the last of these is told to nobody.
    const { deliveries } = await ask("GET", `/v1/deliveries?targetId=${id}`);
    assert.equal(deliveries.length, 6);
    assert.equal(endpoint.calls.length, 5);
    assert.equal((await ask("GET", `/v1/targets/${id}/queue`)).queue.state, "QUEUE_STATE_ACTIVE");
    await ask("DELETE", "/v3alpha/executions", { condition: { event: { event: "target.changed" } } });
  });

  it("stop where a target causes them without end, and go on when it is mended and resumed", async (t) => {
    const { endpoint, id, spares } = await changingTarget(t, () => ({}));
    for (const spare of spares) await rename(spare);
    const queue = async (): Promise<any> => (await ask("GET", `/v1/targets/${id}/queue`)).queue;
    const paused = await eventually(
      "the pause",
      async () => {
        const found = await queue();
        return found.state === "QUEUE_STATE_PAUSED" && (found.runningCount ?? 0) === 0 ? found : undefined;
      },
      60_000,
    );
    assert.equal(paused.pausedBy, "PAUSED_BY_LOOP");
    assert.match(paused.reason, /^More than 1000 events of Interpose's own .* seem to cause them\. .*, then resume\.$/);
    // What was under way when it was paused came to its end.
    const calls = endpoint.calls.length;
    assert.ok(calls > 1_000 && calls <= 1_000 + spares.length, `${calls} calls`);
    const warnings = [...server.stdout().split("\n"), ...server.stderr().split("\n")].filter((line) =>
      line.includes('"queue.paused"'),
    );
    assert.ok(
      warnings.some((line) => line.includes(id)),
      "the log warns of it",
    );
    const { deliveries: held } = await ask("GET", `/v1/deliveries?targetId=${id}&states=DELIVERY_STATE_HELD`);
    assert.equal(held.length, spares.length, "each chain of changes stands still");
    assert.equal(Number(paused.waiting.count), spares.length);

    endpoint.reply({});
    await ask("POST", `/v1/targets/${id}:resume`, { reason: "it changes nothing any more" });
    await eventually("what was held is told", async () => {
      const { deliveries = [] } = await ask("GET", `/v1/deliveries?targetId=${id}&pageSize=1000`);
      return deliveries.every(({ state }: { state: string }) => state === "DELIVERY_STATE_SUCCEEDED");
    });
    assert.equal(endpoint.calls.length, calls + spares.length);
    const { state, pausedBy, reason } = await queue();
    assert.deepEqual(
      { state, pausedBy, reason },
      { state: "QUEUE_STATE_ACTIVE", pausedBy: undefined, reason: undefined },
    );
    await ask("DELETE", "/v3alpha/executions", { condition: { event: { event: "target.changed" } } });
  });

  it("do not go round where a target is told that it was paused and resumed itself", async (t) => {
    const endpoint = await startTarget(t, async ({ body }) => {
      // It orders what is so already.
      const { aggregateID, event_type } = body as ToldEvent;
      if (event_type === "target.resumed") await ask("POST", `/v1/targets/${aggregateID}:resume`, {});
      return {};
    });
    const id = await createTarget(server, { endpoint: endpoint.url });
    await setExecution(server, { event: { group: "target" } }, [id]);
    await ask("POST", `/v1/targets/${id}:pause`, { reason: "to see" });
    const { deliveries } = await ask("GET", `/v1/deliveries?targetId=${id}`);
    assert.deepEqual(
      deliveries.map(({ state, event }: any) => [state, event.type]),
      [["DELIVERY_STATE_HELD", "target.paused"]],
    );
    await ask("POST", `/v1/targets/${id}:resume`, { reason: "seen" });
    await eventually("both are told", async () => {
      const { waiting, runningCount = 0 } = (await ask("GET", `/v1/targets/${id}/queue`)).queue;
      return endpoint.calls.length >= 2 && Number(waiting?.count ?? 0) === 0 && runningCount === 0;
    });
    const came = told(endpoint).map((event) => [event.event_type, event.event_payload.reason]);
    assert.deepEqual(came.sort(), [
      ["target.paused", "to see"],
      ["target.resumed", "seen"],
    ]);
    assert.equal((await ask("GET", `/v1/deliveries?targetId=${id}`)).deliveries.length, 2);
    await ask("DELETE", "/v3alpha/executions", { condition: { event: { group: "target" } } });
  });
});
