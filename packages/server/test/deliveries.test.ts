import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createClient } from "@connectrpc/connect";
import { DeliveryService, DeliveryState } from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import { createDatabase, type Database } from "../src/store/database.ts";
import { cleanUp, forSuite } from "./harness/cleanup.ts";
import { TRANSPORTS } from "./harness/clients.ts";
import {
  appendForTest,
  instanceOf,
  planOf,
  setDelivery,
  standOf,
  targetOfNobody,
  type PlannedForTest,
} from "./harness/recorded-deliveries.ts";
import { eventually } from "./harness/eventually.ts";
import { newDatabaseUrl } from "./harness/postgres.ts";
import { assertInvalid, assertRefused, violationsOf } from "./harness/refusals.ts";
import { ADMIN_TOKEN, startServer, type JsonAnswer, type TestServer } from "./harness/server.ts";

const PATH = "/v1/deliveries";

describe("interpose.v1.DeliveryService", () => {
  const suite = forSuite();
  let server: TestServer;
  let database: Database;
  let instanceId: string;
  before(async () => {
    const databaseUrl = await newDatabaseUrl(suite);
    server = await startServer(suite, { databaseUrl });
    database = createDatabase({ url: databaseUrl });
    cleanUp(suite, () => database.close());
    instanceId = await instanceOf(database);
  });

  /** A target that is paused. */
  const newTarget = async (): Promise<string> => {
    const id = await targetOfNobody(database, instanceId);
    await ok("POST", `/v1/targets/${id}:pause`, {});
    return id;
  };
  const ok = async (verb: string, path: string, body?: unknown): Promise<any> => {
    const answer = await server.request(verb, path, body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  };
  const list = (parameters: Record<string, string>): Promise<any> =>
    ok("GET", `${PATH}?${new URLSearchParams(parameters).toString()}`);
  const listedIds = async (parameters: Record<string, string>): Promise<readonly string[]> =>
    ((await list(parameters)).deliveries ?? []).map(({ id }: { id: string }) => id);
  const append = (targets: readonly PlannedForTest[], more: Parameters<typeof appendForTest>[3] = {}) =>
    appendForTest(database, instanceId, planOf(targets, "event/user.added"), more);
  /** One delivery to a new target, in the given state. */
  const oneIn = async (assignments = "state = 'waiting'"): Promise<{ id: string; targetId: string }> => {
    const targetId = await newTarget();
    const [id = ""] = await append([{ targetId }]);
    await setDelivery(database, id, assignments);
    return { id, targetId };
  };
  const ended = (state: string, gate = ""): string => `state = '${state}', ended_at = now(), reason = 'status'${gate}`;
  const stand = (...ids: string[]) => standOf(database, ids);
  const checkRefused = (answer: JsonAnswer, status: number, reason: string, says: RegExp): void =>
    assertRefused(answer, { status, code: { 400: 9, 404: 5 }[status] ?? 0, reason, says });

  describe("GET /v1/deliveries/{id}", () => {
    it("shows a delivery with its event, payload and attempts", async () => {
      const targetId = await newTarget();
      const payload = '{"name": "Ada", "tags": [1, null]}';
      const [id = ""] = await append([{ targetId }], { payload, fifoKey: "k", aggregateId: "shown" });
      await setDelivery(database, id, `${ended("dead")}, attempts = 3`);
      await database.query({
        text: `insert into interpose.attempts (delivery_id, number, began_at, worker, url, address, request_headers, status, connect_ms, first_byte_ms,
                 duration_ms, reply_bytes, reply, failure, detail, decision, next_at)
               values
                 ($1, 1, '2026-01-01T00:00:00Z', 'w', 'https://example.com/', '192.0.2.1', '{"webhook-id": "x"}', 500, 1.5, 2.5, 3, 4, 'oops', 'status', 'it said 500', 'retry', '2026-01-01T00:00:05Z'),
                 ($1, 2, '2026-01-01T00:00:05Z', 'w', 'https://example.com/', null, '{}', null, null, null, 10, null, null, 'connect', null, 'retry', null),
                 ($1, 3, '2026-01-01T00:00:10Z', 'w', 'https://example.com/', '192.0.2.1', '{}', 500, null, 1, 2, 3, '\\xff0001', 'status', null, 'dead', null)`,
        values: [BigInt(id)],
      });
      const { delivery, attempts, payload: shown } = await ok("GET", `${PATH}/${id}`);
      const { createTime, endTime, event, ...rest } = delivery;
      assert.ok(Date.parse(endTime) >= Date.parse(createTime));
      assert.deepEqual(rest, {
        id,
        state: "DELIVERY_STATE_DEAD",
        executionId: "event/user.added",
        targetId,
        targetName: rest.targetName,
        fifoKey: "k",
        attemptCount: 3,
        reason: "status",
      });
      assert.match(rest.targetName, /^target /);
      assert.equal(event.type, "user.added");
      assert.deepEqual([event.aggregateType, event.aggregateId, event.sequence], ["user", "shown", "1"]);
      assert.deepEqual(shown, JSON.parse(payload));
      const exchange = { worker: "w", url: "https://example.com/" };
      assert.deepEqual(attempts, [
        {
          number: 1,
          beginTime: "2026-01-01T00:00:00Z",
          ...exchange,
          address: "192.0.2.1",
          requestHeaders: { "webhook-id": "x" },
          status: 500,
          connectMs: 1.5,
          firstByteMs: 2.5,
          durationMs: 3,
          replySize: 4,
          replyText: "oops",
          failure: "status",
          detail: "it said 500",
          decision: "ATTEMPT_DECISION_RETRY",
          nextAttemptTime: "2026-01-01T00:00:05Z",
        },
        {
          number: 2,
          beginTime: "2026-01-01T00:00:05Z",
          ...exchange,
          durationMs: 10,
          failure: "connect",
          decision: "ATTEMPT_DECISION_RETRY",
        },
        {
          number: 3,
          beginTime: "2026-01-01T00:00:10Z",
          ...exchange,
          address: "192.0.2.1",
          status: 500,
          firstByteMs: 1,
          durationMs: 2,
          replySize: 3,
          replyBytes: "/wAB",
          failure: "status",
          decision: "ATTEMPT_DECISION_DEAD",
        },
      ]);
    });

    it("shows a text that was cut within a character as a text", async () => {
      const { id } = await oneIn();
      await database.query({
        text: `insert into interpose.attempts (delivery_id, number, began_at, worker, url, reply_bytes, reply, decision)
               values ($1, 1, now(), 'w', 'https://example.com/', 20000, $2, 'succeeded')`,
        values: [BigInt(id), Buffer.from("é€".repeat(2)).subarray(0, 9)],
      });
      assert.equal((await ok("GET", `${PATH}/${id}`)).attempts[0].replyText, "é€é");
    });

    for (const id of ["404000000", "9223372036854775807", "9223372036854775808", "0", "-1", "x", "1e3", "%00"]) {
      it(`answers 404 for the id ${id}`, async () => {
        const answer = await server.request("GET", `${PATH}/${id}`);
        checkRefused(answer, 404, "DELIVERY_NOT_FOUND", /^There is no delivery/);
      });
    }
  });

  describe("GET /v1/deliveries", () => {
    it("shows the forms of waiting", async () => {
      const paused = await oneIn();
      const broken = await oneIn();
      const running = await oneIn("claimed_by = 'w', claimed_at = now()");
      const waiting = await oneIn();
      await ok("POST", `/v1/targets/${waiting.targetId}:resume`, {});
      await ok("POST", `/v1/targets/${broken.targetId}:resume`, {});
      await database.query({
        text: "update interpose.queues set breaker_opened_at = now(), breaker_probe_at = now() + interval '1 hour' where target_id = $1",
        values: [broken.targetId],
      });
      const shown = async ({ id }: { id: string }): Promise<unknown> =>
        (await ok("GET", `${PATH}/${id}`)).delivery.state;
      assert.deepEqual(
        [await shown(paused), await shown(broken), await shown(running), await shown(waiting)],
        ["HELD", "HELD", "RUNNING", "WAITING"].map((state) => `DELIVERY_STATE_${state}`),
      );
      for (const { id, targetId } of [paused, broken, running, waiting]) {
        const state = (await ok("GET", `${PATH}/${id}`)).delivery.state;
        assert.deepEqual(await listedIds({ targetId, states: state }), [id]);
        for (const other of ["WAITING", "RUNNING", "HELD"].filter((each) => !state.endsWith(each)))
          assert.deepEqual(await listedIds({ targetId, states: `DELIVERY_STATE_${other}` }), []);
      }
    });

    it("answers page after page, newest first, each delivery once, also while others come and go", async () => {
      const targetId = await newTarget();
      const ids: string[] = [];
      for (let i = 0; i < 5; i++) ids.unshift(...(await append([{ targetId }])));
      const first = await list({ targetId, pageSize: "2" });
      await append([{ targetId }]);
      await database.query({ text: "delete from interpose.deliveries where id = $1", values: [BigInt(ids[1] ?? 0)] });
      const second = await list({ targetId, pageSize: "2", pageToken: first.nextPageToken });
      const third = await list({ targetId, pageSize: "2", pageToken: second.nextPageToken });
      assert.deepEqual(
        [first, second, third].map(({ deliveries }) => deliveries.map(({ id }: { id: string }) => id)),
        [ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)],
      );
      assert.equal(third.nextPageToken, undefined);
    });

    it("answers the same over gRPC and Connect", async () => {
      const { id, targetId } = await oneIn(ended("dead"));
      for (const transport of [
        "gRPC over HTTP/2",
        "Connect with JSON over HTTP/1.1",
        "gRPC-Web over HTTP/1.1",
      ] as const) {
        const client = createClient(
          DeliveryService,
          TRANSPORTS[transport](server.url, [
            (next) => (request) => {
              request.header.set("authorization", `Bearer ${ADMIN_TOKEN}`);
              return next(request);
            },
          ]),
        );
        const { deliveries } = await client.listDeliveries({ targetId, states: [DeliveryState.DEAD] });
        assert.deepEqual(
          deliveries.map((each) => each.id),
          [id],
        );
        assert.equal((await client.getDelivery({ id })).delivery?.state, DeliveryState.DEAD);
      }
    });

    const invalid: readonly { name: string; query: string; field: string }[] = [
      { name: "a page that is too large", query: "pageSize=1001", field: "page_size" },
      { name: "a negative page", query: "pageSize=-1", field: "page_size" },
      { name: "the state that is none", query: "states=0", field: "states[0]" },
      { name: "a state that there is none of", query: "states=77", field: "states[0]" },
      { name: "a negative position", query: "eventPosition=-1", field: "event_position" },
      { name: "a text that is too long", query: `eventType=${"x".repeat(201)}`, field: "event_type" },
    ];
    for (const { name, query, field } of invalid) {
      it(`refuses ${name} with 400`, async () => {
        assertInvalid(await server.request("GET", `${PATH}?${query}`), [[field]]);
      });
    }

    it("refuses the id of an aggregate without its type", async () => {
      const answer = await server.request("GET", `${PATH}?aggregateId=1`);
      assertRefused(answer, { status: 400, code: 3, reason: "VALIDATION_FAILED", says: /give aggregate_type with it/ });
    });

    const malformed: readonly { query: string; says: RegExp }[] = [
      { query: "states=NONE", says: /states/ },
      { query: "replayOf=x", says: /replay_of: "x" is the id of no delivery/ },
      { query: "eventType=%00", says: /cannot be stored/ },
      { query: "createdAfter=yesterday", says: /invalid RFC 3339/ },
    ];
    for (const { query, says } of malformed) {
      it(`refuses ${query} with 400`, async () => {
        const answer = await server.request("GET", `${PATH}?${query}`);
        assertRefused(answer, { status: 400, code: 3, reason: "BAD_REQUEST", says });
      });
    }

    it("refuses page tokens that it did not give, and those for other filters", async () => {
      const targetId = await newTarget();
      for (let i = 0; i < 2; i++) await append([{ targetId }]);
      const { nextPageToken } = await list({ targetId, pageSize: "1" });
      const forged = Buffer.from(
        Buffer.from(nextPageToken as string, "base64url")
          .toString()
          .replace(/^\d+/, "x"),
      );
      const tokens = ["x", "AAAA", "MS4x", nextPageToken, forged.toString("base64url")];
      for (const pageToken of tokens) {
        const query = new URLSearchParams({ targetId: pageToken === nextPageToken ? "1" : targetId, pageToken });
        const answer = await server.request("GET", `${PATH}?${query.toString()}`);
        const says = /page_token is not one that this server gave/;
        assertRefused(answer, { status: 400, code: 3, reason: "PAGE_TOKEN_INVALID", says });
        assert.equal(violationsOf(answer)[0]?.field, "page_token");
      }
    });
  });

  const redeliver = (id: string): Promise<JsonAnswer> => server.request("POST", `${PATH}/${id}:redeliver`, {});

  describe("POST /v1/deliveries/{id}:redeliver", () => {
    for (const state of ["succeeded", "dead", "cancelled", "skipped"]) {
      it(`sets a delivery that is ${state} going again`, async () => {
        const { id } = await oneIn(`${ended(state)}, attempts = 4, failures = 4, due_at = now() - interval '1 day'`);
        const { delivery } = (await redeliver(id)).body;
        assert.equal(delivery.state, "DELIVERY_STATE_HELD");
        assert.deepEqual([delivery.attemptCount, delivery.reason, delivery.endTime], [4, undefined, undefined]);
        const columns = "state, failures, now() - due_at < interval '1 minute'";
        assert.deepEqual(await standOf(database, [id], columns), [["waiting", 0, true]]);
      });
    }

    it("leaves one that is being attempted to its worker, with its schedule from the start", async () => {
      const { id } = await oneIn("failures = 3, claimed_by = 'w', claimed_at = now()");
      assert.equal((await redeliver(id)).body.delivery.state, "DELIVERY_STATE_RUNNING");
      assert.deepEqual(await standOf(database, [id], "state, claimed_by, failures"), [["waiting", "w", 0]]);
    });

    for (const state of ["blocked", "queued"]) {
      it(`refuses one that is ${state}, since others come first`, async () => {
        const { id } = await oneIn(`state = '${state}', fifo_key = 'k'`);
        checkRefused(
          await redeliver(id),
          400,
          "DELIVERY_IN_LINE",
          /waits for .* Redeliver or cancel what it waits for/,
        );
        assert.deepEqual(await stand(id), [state]);
      });
    }

    it("refuses one whose target is gone, and one that there is none of", async () => {
      const { id, targetId } = await oneIn(ended("dead"));
      assert.equal((await server.request("DELETE", `/v3alpha/targets/${targetId}`)).status, 200);
      checkRefused(await redeliver(id), 404, "TARGET_NOT_FOUND", /was deleted/);
      checkRefused(await redeliver("404000000"), 404, "DELIVERY_NOT_FOUND", /no delivery/);
      const { delivery } = await ok("GET", `${PATH}/${id}`);
      assert.deepEqual([delivery.targetId, delivery.targetName], [targetId, undefined], "it is listed all the same");
    });

    it("lets what was skipped for its sake wait for it again, up to the next that could not be told", async () => {
      const targetId = await newTarget();
      const ids = await append([
        { targetId, stage: 0, gate: "success" },
        { targetId, stage: 1 },
        { targetId, stage: 1, gate: "success" },
        { targetId, stage: 2 },
      ]);
      const [gate = "", async_ = "", second = "", last = ""] = ids;
      await setDelivery(database, gate, ended("dead"));
      for (const id of [async_, last]) await setDelivery(database, id, ended("skipped"));
      await setDelivery(database, second, ended("cancelled"));
      assert.equal((await redeliver(gate)).status, 200);
      assert.deepEqual(await stand(...ids), ["waiting", "blocked", "cancelled", "skipped"]);
      assert.equal((await redeliver(second)).status, 200);
      assert.deepEqual(await stand(...ids), ["waiting", "blocked", "blocked", "blocked"], "no turn before the gate's");
    });
  });

  const cancel = (id: string): Promise<JsonAnswer> => server.request("POST", `${PATH}/${id}:cancel`, {});

  describe("POST /v1/deliveries/{id}:cancel", () => {
    for (const [state, more] of [
      ["waiting", ""],
      ["blocked", ""],
      ["queued", ", fifo_key = 'k'"],
      ["waiting", ", claimed_by = 'w', claimed_at = now()"],
    ] as const) {
      it(`ends one that is ${state}${more}`, async () => {
        const { id } = await oneIn(`state = '${state}'${more}`);
        const { delivery } = (await cancel(id)).body;
        assert.deepEqual([delivery.state, delivery.reason], ["DELIVERY_STATE_CANCELLED", "by_hand"]);
        assert.ok(delivery.endTime);
        assert.deepEqual([delivery.nextAttemptTime, delivery.runningSince], [undefined, undefined]);
        assert.deepEqual((await cancel(id)).body.delivery, delivery, "again changes nothing");
      });
    }

    for (const state of ["succeeded", "dead", "skipped"]) {
      it(`refuses one that is ${state}`, async () => {
        const { id } = await oneIn(ended(state));
        checkRefused(await cancel(id), 400, "DELIVERY_OVER", new RegExp(`is ${state}, and cannot be cancelled`));
      });
    }

    it("skips what waits for the success of the cancelled", async () => {
      const targetId = await newTarget();
      const ids = await append([
        { targetId, gate: "success" },
        { targetId, stage: 1, gate: "attempt" },
        { targetId, stage: 2 },
      ]);
      await cancel(ids[0] ?? "");
      const columns = "state, reason, gate, ended_at is not null";
      assert.deepEqual(await standOf(database, ids, columns), [
        ["cancelled", "by_hand", "success", true],
        ["skipped", "interrupted", "attempt", true],
        ["skipped", "interrupted", null, true],
      ]);
    });

    it("opens what waits for an attempt of the cancelled", async () => {
      const targetId = await newTarget();
      const ids = await append([
        { targetId, gate: "attempt" },
        { targetId, stage: 1 },
        { targetId, stage: 1 },
      ]);
      await cancel(ids[0] ?? "");
      assert.deepEqual(await stand(...ids), ["cancelled", "waiting", "waiting"]);
    });

    it("lets what waits for one whose turn has not come wait for what that waited for", async () => {
      const targetId = await newTarget();
      const ids = await append([
        { targetId, gate: "success" },
        { targetId, stage: 1, gate: "attempt" },
        { targetId, stage: 2, gate: "attempt" },
        { targetId, stage: 3 },
      ]);
      await cancel(ids[1] ?? "");
      assert.deepEqual(await standOf(database, ids, "state, stage, gate"), [
        ["waiting", 0, "success"],
        ["cancelled", 1, null],
        ["blocked", 2, "attempt"],
        ["blocked", 3, null],
      ]);
      await cancel(ids[2] ?? "");
      assert.deepEqual(await stand(...ids), ["waiting", "cancelled", "cancelled", "blocked"]);
      await cancel(ids[0] ?? "");
      assert.deepEqual(await stand(...ids), ["cancelled", "cancelled", "cancelled", "skipped"]);
    });

    it("begins what waited for it and for a gate that was being opened meanwhile", async () => {
      const targetId = await newTarget();
      const ids = await append([
        { targetId, gate: "attempt" },
        { targetId, stage: 1, gate: "attempt" },
        { targetId, stage: 2 },
      ]);
      let cancelling: Promise<unknown> = Promise.resolve();
      // As a worker does that has opened the first gate, and saw the stages as they were.
      await database.transaction(async (tx) => {
        await tx.query({
          text: "update interpose.deliveries set gate = null, state = 'succeeded' where id = $1",
          values: [BigInt(ids[0] ?? 0)],
        });
        cancelling = cancel(ids[1] ?? "");
        await eventually("the cancelling", async () => (await stand(...ids))[1] === "cancelled");
      });
      await cancelling;
      assert.deepEqual(await stand(...ids), ["succeeded", "cancelled", "waiting"]);
    });
  });

  describe("POST /v1/deliveries:cancel", () => {
    const cancelMany = (filter: unknown, more = {}): Promise<JsonAnswer> =>
      server.request("POST", `${PATH}:cancel`, { filter, ...more });

    it("cancels what matches and is not over, call after call", async () => {
      const targetId = await newTarget();
      const ids: string[] = [];
      for (let i = 0; i < 5; i++) ids.push(...(await append([{ targetId }])));
      await setDelivery(database, ids[2] ?? "", ended("dead"));
      const dry = (await cancelMany({ targetId }, { dryRun: true })).body;
      assert.deepEqual(dry, { cancelledCount: 4 });
      assert.deepEqual(new Set(await stand(...ids)), new Set(["waiting", "dead"]), "nothing was done");
      const first = (await cancelMany({ targetId }, { maxCount: 3 })).body;
      assert.equal(first.cancelledCount, 3);
      const second = (await cancelMany({ targetId }, { maxCount: 3, pageToken: first.nextPageToken })).body;
      assert.deepEqual(second, { cancelledCount: 1 });
      assert.deepEqual(await stand(...ids), ["cancelled", "cancelled", "dead", "cancelled", "cancelled"]);
    });

    it("lets nothing begin that it is about to cancel", async () => {
      const targetId = await newTarget();
      const ids = await append([
        { targetId, gate: "attempt" },
        { targetId, stage: 1, gate: "success" },
        { targetId, stage: 2 },
      ]);
      await cancelMany({ targetId });
      assert.deepEqual(await standOf(database, ids, "state, reason"), Array(3).fill(["cancelled", "by_hand"]));
    });

    it("refuses a filter that leaves nothing out, none, and states of what is over", async () => {
      const empty = await cancelMany({});
      assertRefused(empty, { status: 400, code: 3, reason: "BAD_REQUEST", says: /filter is empty/ });
      assertInvalid(await server.request("POST", `${PATH}:cancel`, {}), [["filter"]]);
      const over = await cancelMany({ states: ["DELIVERY_STATE_DEAD"] });
      assertRefused(over, {
        status: 400,
        code: 3,
        reason: "BAD_REQUEST",
        says: /filter\.states has none of the states/,
      });
      const { nextPageToken } = (
        await cancelMany({ createdBefore: "2100-01-01T00:00:00Z" }, { dryRun: true, maxCount: 1 })
      ).body;
      const other = await cancelMany({ targetId: "1" }, { pageToken: nextPageToken });
      assertRefused(other, { status: 400, code: 3, reason: "PAGE_TOKEN_INVALID", says: /page_token/ });
    });
  });

  describe("POST /v1/deliveries:replay", () => {
    const replay = (filter: unknown, more = {}): Promise<JsonAnswer> =>
      server.request("POST", `${PATH}:replay`, { filter, ...more });

    it("makes what is over anew, in the same order, and leaves the old as it is", async () => {
      const targetId = await newTarget();
      const ids: string[] = [];
      for (let i = 0; i < 4; i++) ids.push(...(await append([{ targetId, gate: "success" }], { fifoKey: "k" })));
      for (const id of ids.slice(0, 3)) await setDelivery(database, id, ended("succeeded"));
      assert.deepEqual((await replay({ targetId }, { dryRun: true })).body, { replayedCount: 3 });
      const first = (await replay({ targetId }, { maxCount: 2 })).body;
      assert.equal(first.replayedCount, 2);
      // What is over since then is no part of the order.
      const made = await listedIds({ targetId, states: "DELIVERY_STATE_HELD" });
      await setDelivery(database, made[0] ?? "", ended("succeeded"));
      const second = (await replay({ targetId }, { maxCount: 2, pageToken: first.nextPageToken })).body;
      assert.deepEqual(second, { replayedCount: 1 });
      const rows = await database.query<{ replay: string; stand: string }>({
        text: `select replay_of::text as replay, concat_ws(' ', state, stage, gate, fifo_key) as stand
               from interpose.deliveries where target_id = $1 and replay_of is not null order by id`,
        values: [targetId],
      });
      assert.deepEqual(
        rows.map((row) => row.replay),
        ids.slice(0, 3),
      );
      assert.equal(rows.at(-1)?.stand, "waiting 0 k", "no gate");
      assert.deepEqual(await stand(...ids.slice(0, 3)), Array(3).fill("succeeded"));
      assert.equal((await listedIds({ replayOf: ids[0] ?? "" })).length, 1);
    });

    it("takes those of some ids, page after page, and refuses what is none", async () => {
      const targetId = await newTarget();
      const ids: string[] = [];
      for (let i = 0; i < 4; i++) ids.push(...(await append([{ targetId }])));
      for (const id of ids.slice(0, 3)) await setDelivery(database, id, ended("succeeded"));
      // Of those that are chosen, one is not over, and one is not there.
      const deliveryIds = [ids[3], ids[2], ids[0], "1000000000"];
      const { body: first } = await replay({ deliveryIds }, { maxCount: 1 });
      assert.equal(first.replayedCount, 1);
      const { body: second } = await replay({ deliveryIds }, { pageToken: first.nextPageToken });
      assert.deepEqual(second, { replayedCount: 1 });
      const replayed = await Promise.all(ids.map(async (id) => (await listedIds({ replayOf: id })).length));
      assert.deepEqual(replayed, [1, 0, 1, 0]);
      const others = await replay({ deliveryIds: [ids[0]] }, { pageToken: first.nextPageToken });
      assertRefused(others, { status: 400, code: 3, reason: "PAGE_TOKEN_INVALID", says: /page_token/ });
      const wrong = await replay({ deliveryIds: [ids[0], "x"] });
      const says = /filter\.delivery_ids\[1\]: "x" is the id of no delivery/;
      assertRefused(wrong, { status: 400, code: 3, reason: "BAD_REQUEST", says });
      const tooMany = await replay({ deliveryIds: Array.from({ length: 1_001 }, (_, i) => String(i + 1)) });
      assertRefused(tooMany, { status: 400, code: 3, reason: "VALIDATION_FAILED", says: /delivery_ids.*1000/ });
    });

    it("passes over what has no target any more, and says so", async () => {
      const { id, targetId } = await oneIn(ended("dead"));
      await server.request("DELETE", `/v3alpha/targets/${targetId}`);
      assert.deepEqual((await replay({ targetId }, { dryRun: true })).body, { goneCount: 1 });
      assert.deepEqual((await replay({ targetId })).body, { goneCount: 1 });
      assert.deepEqual(await listedIds({ targetId }), [id]);
    });
  });
});
