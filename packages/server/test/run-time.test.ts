import assert from "node:assert/strict";
import { before, beforeEach, describe, it } from "node:test";
import { status } from "@grpc/grpc-js";
import { createTarget, methodName, setExecution } from "./harness/api.ts";
import { actionClient, refusal, TRANSPORTS, type TransportName } from "./harness/clients.ts";
import { forSuite } from "./harness/cleanup.ts";
import { eventually } from "./harness/eventually.ts";
import { gatewayAddress } from "./harness/gateway-address.ts";
import { http2Request, openHttp2 } from "./harness/raw-http2.ts";
import { assertRefused, metadataOf } from "./harness/refusals.ts";
import { startServer, type TestServer } from "./harness/server.ts";
import { order, readStream, SHOP_PROTOS, shopClient, startShop, type Shop } from "./harness/shop.ts";
import { BY_HTTP, orderByHttp } from "./harness/shop-by-http.ts";
import { startTarget, type TestTarget } from "./harness/target.ts";

const ORDER = "/shop.v1.Shop/Order";
/** An order of gRPC's for nothing. */
const EMPTY_MESSAGE = Buffer.alloc(5);

/** Three targets in a row, each of which takes 900 ms and would be ignored if it failed, and a second at most for all of them. */
describe("the time of a whole run", () => {
  let shop: Shop;
  let slow: TestTarget;
  let server: TestServer;
  let client: ReturnType<typeof shopClient>;
  const suite = forSuite();
  before(async () => {
    shop = await startShop(suite);
    slow = await startTarget(suite);
    server = await startServer(suite, {
      env: {
        INTERPOSE_LIMITS_MAX_RUN_SECONDS: "1",
        INTERPOSE_GATEWAY_LISTEN: "127.0.0.1:0",
        INTERPOSE_GATEWAY_UPSTREAM: `http://${shop.address}`,
        INTERPOSE_GATEWAY_DESCRIPTORS: SHOP_PROTOS,
      },
    });
    client = shopClient(suite, gatewayAddress(server));
    const targets: string[] = [];
    for (let i = 0; i < 3; i++)
      targets.push(await createTarget(server, { endpoint: slow.url, type: "restCall", interruptOnError: false }));
    await setExecution(server, { request: { service: "shop.v1.Shop" } }, targets);
    await setExecution(server, { request: { method: methodName("ListTargets") } }, targets);
  });
  beforeEach(() => {
    slow.calls.length = 0;
    shop.seen.length = 0;
    slow.reply(async () => {
      await new Promise((resolve) => setTimeout(resolve, 700));
      return { status: 500 };
    });
  });

  /** Milliseconds that a call takes to be refused, and with what. */
  async function timed<T>(work: Promise<T>): Promise<{ readonly ms: number; readonly answer: T }> {
    const began = performance.now();
    const answer = await work;
    return { ms: performance.now() - began, answer };
  }
  const thrown = (work: Promise<unknown>): Promise<any> =>
    work.then(
      () => assert.fail("it was not refused"),
      (error: unknown) => error,
    );
  const lastRun = (): any =>
    server
      .stderr()
      .split("\n")
      .filter((line) => line.includes('"run.ended"'))
      .map((line) => JSON.parse(line) as unknown)
      .at(-1);

  it("is that of the settings, at a gateway: the API hears nothing, and the record names each call", async () => {
    const { ms, answer } = await timed(thrown(order(client, { item: "tea" })));
    assert.ok(ms >= 950 && ms < 2_000, `it took ${ms} ms`);
    assert.equal(answer.code, status.DEADLINE_EXCEEDED);
    assert.match(answer.details, /^Execution failed: the time of the call was over .* Run \d+ has the record/);
    assert.equal(slow.calls.length, 2);
    assert.equal(shop.seen.length, 0);
    const run = await eventually("the log", lastRun);
    assert.deepEqual([run.outcome, run.reason], ["refused", "run_timed_out"]);
    assert.deepEqual(
      run.calls.map(({ effect, failure, detail }: any) => [effect, failure, detail]),
      [
        ["ignored", "status", "answered 500"],
        ["refused", "deadline", "not done within limits.maxRunSeconds, 1 s"],
      ],
    );
    assert.ok(answer.details.includes(run.runId));
    await eventually("the target's caller is gone", () => slow.calls[1]?.isGone());
  });

  it("is what its caller has left, at a gateway, where that is shorter", async () => {
    const session = await openHttp2(suite, `http://${gatewayAddress(server)}`);
    for (const headers of [{ "grpc-timeout": "300m" }, { "connect-timeout-ms": "300" }]) {
      slow.calls.length = 0;
      const { ms, answer } = await timed(
        http2Request(session, "POST", ORDER, {
          headers: { "content-type": "application/grpc", te: "trailers", ...headers },
          body: EMPTY_MESSAGE,
        }),
      );
      assert.ok(ms >= 290 && ms < 690, `it took ${ms} ms`);
      assert.equal(answer.headers["grpc-status"], "4", JSON.stringify(answer.headers));
      assert.equal(slow.calls.length, 1);
      assert.equal(shop.seen.length, 0);
    }
  });

  for (const form of Object.keys(BY_HTTP) as (keyof typeof BY_HTTP)[]) {
    it(`is what its caller has left, in a call in ${form} too`, async () => {
      const headers = form === "REST" ? { "grpc-timeout": "300m" } : { "connect-timeout-ms": "300" };
      const { ms, answer } = await timed(orderByHttp(form, gatewayAddress(server), { item: "tea" }, headers));
      assert.ok(ms >= 290 && ms < 690, `it took ${ms} ms`);
      assert.deepEqual([answer.status, answer.body.code], [504, form === "REST" ? 4 : "deadline_exceeded"]);
      assert.match(answer.body.message, /Run \d+ has the record/);
      assert.equal(shop.seen.length, 0);
    });
  }

  it("is none, where the caller's deadline has passed already", async () => {
    const session = await openHttp2(suite, `http://${gatewayAddress(server)}`);
    const { ms, answer } = await timed(
      http2Request(session, "POST", ORDER, {
        headers: { "content-type": "application/grpc", te: "trailers", "grpc-timeout": "0n" },
        body: EMPTY_MESSAGE,
      }),
    );
    assert.ok(ms < 300, `it took ${ms} ms`);
    assert.equal(answer.headers["grpc-status"], "4");
    assert.equal(slow.calls.length, 0);
  });

  it("is not shortened by a timeout that is none", async () => {
    slow.reply({});
    const session = await openHttp2(suite, `http://${gatewayAddress(server)}`);
    for (const timeout of ["soon", "100000000S", "-1S"]) {
      const answer = await http2Request(session, "POST", ORDER, {
        headers: { "content-type": "application/grpc", te: "trailers", "grpc-timeout": timeout },
        body: EMPTY_MESSAGE,
      });
      // What the API says of it is its own affair (grpc-js may take a number that is too large for no time at all): it hears of the call.
      if (timeout !== "100000000S") assert.notEqual(answer.headers["grpc-status"], "4", timeout);
    }
    assert.equal(slow.calls.length, 9);
  });

  it("is one for each message of a stream", async () => {
    const answers = readStream(client.Watch({ item: "tea", count: 2 }));
    const { ms, answer } = await timed(answers);
    assert.ok(ms >= 950 && ms < 2_000, `it took ${ms} ms`);
    assert.equal(answer.error.code, status.DEADLINE_EXCEEDED);
    slow.reply(async () => {
      await new Promise((resolve) => setTimeout(resolve, 250));
      return { status: 500 };
    });
    const chat = client.Chat();
    const all = readStream(chat);
    for (let i = 1; i <= 2; i++) chat.write({ item: "tea", count: i });
    chat.end();
    assert.equal((await all).messages.length, 2, "750 ms each are within the time, though they are longer together");
  });

  it("of the settings ends a call of the own API in REST, with the run's id for programs", async () => {
    const { ms, answer } = await timed(server.request("POST", "/v3alpha/targets/search", {}));
    assert.ok(ms >= 950 && ms < 2_000, `it took ${ms} ms`);
    assertRefused(answer, { status: 504, code: 4, reason: "RUN_TIMED_OUT", says: /^Execution failed: the time/ });
    assert.equal(metadataOf(answer).runId, lastRun().runId);
  });

  it("of the caller ends a call of the own API in REST, by the header grpc-timeout", async () => {
    const headers = { "grpc-timeout": "300m" };
    const { ms, answer } = await timed(server.request("POST", "/v3alpha/targets/search", {}, { headers }));
    assert.ok(ms >= 290 && ms < 690, `it took ${ms} ms`);
    assert.equal(answer.body.code, 4);
    assert.equal(slow.calls.length, 1);
  });

  for (const name of Object.keys(TRANSPORTS) as TransportName[]) {
    it(`ends a call of the own API in ${name}, at the settings' limit and at the caller's deadline`, async () => {
      const byLimit = await timed(refusal(actionClient(server, name).listTargets({})));
      assert.ok(byLimit.ms >= 950 && byLimit.ms < 2_000, `it took ${byLimit.ms} ms`);
      assert.match(byLimit.answer.message, /\[deadline_exceeded\] Execution failed: the time of the call was over/);
      const byCaller = await timed(refusal(actionClient(server, name).listTargets({}, { timeoutMs: 300 })));
      assert.ok(byCaller.ms >= 250 && byCaller.ms < 690, `it took ${byCaller.ms} ms`);
      assert.match(byCaller.answer.message, /deadline_exceeded/);
      await eventually("the record", () => lastRun()?.calls.at(-1)?.failure === "deadline");
      assert.equal(lastRun().reason, "run_timed_out");
    });
  }
});
