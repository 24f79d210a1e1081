import assert from "node:assert/strict";
import { before, beforeEach, describe, it } from "node:test";
import { Code } from "@connectrpc/connect";
import { forSuite } from "./harness/cleanup.ts";
import { createTargetInTurn as createTarget, methodName, setExecution } from "./harness/api.ts";
import { actionClient, refusal, TRANSPORTS, type TransportName } from "./harness/clients.ts";
import { eventually } from "./harness/eventually.ts";
import { ADMIN_TOKEN, startServer, type JsonAnswer, type TestServer } from "./harness/server.ts";
import { startTarget, type ReceivedCall, type TestTarget } from "./harness/target.ts";

/** A port of loopback on which nothing listens: 1 is reserved for tcpmux, which nobody runs. */
const UNREACHABLE = "http://127.0.0.1:1/";

describe("executions on the server's own API", () => {
  let server: TestServer;
  let hook: TestTarget;
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite);
    hook = await startTarget(suite);
  });
  beforeEach(async () => {
    hook.calls.length = 0;
    hook.reply({});
    const { body } = await server.request(
      "POST",
      "/v3alpha/executions/search",
      {},
      { headers: { "interpose-bypass": "true" } },
    );
    for (const { Condition } of body.result ?? []) {
      await server.request(
        "DELETE",
        "/v3alpha/executions",
        { condition: Condition },
        { headers: { "interpose-bypass": "true" } },
      );
    }
  });

  const listTargets = (token?: string) =>
    server.request("POST", "/v3alpha/targets/search", { query: { limit: 1 } }, token ? { token } : {});
  const onRequest = { request: { method: methodName("ListTargets") } };

  it("shows a webhook the request, in proto names and without zero values", async () => {
    const id = await createTarget(server, { endpoint: hook.url });
    await setExecution(server, onRequest, [id]);
    const { status } = await listTargets();
    assert.equal(status, 200);
    assert.equal(hook.calls.length, 1);
    const [call] = hook.calls as [ReceivedCall];
    assert.equal(call.method, "POST");
    assert.equal(call.headers["content-type"], "application/json");
    assert.equal(call.body.fullMethod, methodName("ListTargets"));
    assert.equal(call.body.userID, "admin");
    assert.match(call.body.instanceID, /^\d+$/);
    assert.deepEqual(call.body.request, { query: { limit: 1 } });
  });

  it("shows a response target the request and the response", async () => {
    const id = await createTarget(server, { name: "sees the response", endpoint: hook.url });
    await setExecution(server, { response: { method: methodName("GetTargetByID") } }, [id]);
    await server.request("GET", `/v3alpha/targets/${id}`);
    assert.deepEqual(hook.calls[0]?.body.request, { target_id: id });
    assert.equal(hook.calls[0].body.response.target.name, "sees the response");
  });

  it("merges a call target's reply into the request, and validates what comes of it", async () => {
    const id = await createTarget(server, { endpoint: hook.url, type: "restCall" });
    await setExecution(server, { request: { method: methodName("CreateTarget") } }, [id]);
    hook.reply({ body: { name: "renamed by the target", unknown: "ignored" } });
    const body = { name: "as the client wants it", endpoint: "https://example.com", timeout: "1s", restAsync: {} };
    const created = await server.request("POST", "/v3alpha/targets", body);
    assert.equal(created.status, 201);
    const read = await server.request("GET", `/v3alpha/targets/${created.body.id}`);
    assert.equal(read.body.target.name, "renamed by the target");
    assert.equal(read.body.target.endpoint, "https://example.com");
    hook.reply({ body: { name: "" } });
    const invalid = await server.request("POST", "/v3alpha/targets", { ...body, name: "fine" });
    assert.equal(invalid.status, 400);
    assert.match(invalid.body.message, /name/);
  });

  it("lets a target see a request before it is validated, and mend it", async () => {
    const id = await createTarget(server, { endpoint: hook.url, type: "restCall" });
    await setExecution(server, { request: { method: methodName("CreateTarget") } }, [id]);
    hook.reply({ body: { timeout: "3s" } });
    const mended = await server.request("POST", "/v3alpha/targets", {
      name: "mended",
      endpoint: "https://example.com",
      restAsync: {},
    });
    assert.equal(mended.status, 201);
  });

  it("calls targets in the listed order, each with what the one before made of the message", async (t) => {
    const second = await startTarget(t);
    const ids = [
      await createTarget(server, { endpoint: hook.url, type: "restCall" }),
      await createTarget(server, { endpoint: second.url, type: "restCall" }),
    ];
    await setExecution(server, onRequest, ids);
    hook.reply({ body: { query: { offset: "1" } } });
    await listTargets();
    assert.deepEqual(second.calls[0]?.body.request, { query: { limit: 1, offset: "1" } });
  });

  it("does not wait for an async target, and calls it all the same", async () => {
    hook.reply("hang");
    const id = await createTarget(server, { endpoint: hook.url, type: "restAsync", timeout: "30s" });
    await setExecution(server, onRequest, [id]);
    const { status } = await listTargets();
    assert.equal(status, 200);
    await eventually("the async call", () => hook.calls.length === 1);
  });

  it("uses the most specific execution alone: method, then service, then all", async (t) => {
    const [onMethod, onService, onAll] = [await startTarget(t), await startTarget(t), await startTarget(t)];
    await setExecution(server, { request: { all: true } }, [await createTarget(server, { endpoint: onAll.url })]);
    await setExecution(server, { request: { service: "zitadel.action.v3alpha.ActionService" } }, [
      await createTarget(server, { endpoint: onService.url }),
    ]);
    await setExecution(server, onRequest, [await createTarget(server, { endpoint: onMethod.url })]);
    await listTargets();
    await server.request("GET", "/v3alpha/executions/functions");
    await server.request("GET", "/v1/tokens");
    assert.deepEqual(
      [onMethod, onService, onAll].map(({ calls }) => calls.map(({ body }) => body.fullMethod)),
      [[methodName("ListTargets")], [methodName("ListExecutionFunctions")], ["/interpose.v1.TokenService/ListTokens"]],
    );
  });

  it("calls the targets of an include in its place", async (t) => {
    const included = await startTarget(t);
    const order: string[] = [];
    hook.reply(() => (order.push("own"), {}));
    included.reply(() => (order.push("included"), {}));
    const own = await createTarget(server, { endpoint: hook.url });
    await setExecution(server, { event: { group: "shared" } }, [
      await createTarget(server, { endpoint: included.url }),
    ]);
    await setExecution(server, onRequest, [{ include: { event: { group: "shared" } } }, own]);
    await listTargets();
    assert.deepEqual(order, ["included", "own"]);
  });

  it("speaks the dialect v2 to a target that is set to it: lowerCamelCase, headers, and a reply that replaces", async () => {
    const id = await createTarget(server, { endpoint: hook.url, type: "restCall" });
    const patched = await server.request("PATCH", `/v1/targets/${id}/settings`, { dialect: "DIALECT_V2" });
    assert.deepEqual([patched.status, patched.body.settings.dialect], [200, "DIALECT_V2"]);
    await setExecution(server, { request: { method: methodName("GetTargetByID") } }, [id]);
    hook.reply({ body: { targetId: id } });
    const { status } = await server.request("GET", "/v3alpha/targets/1");
    assert.equal(status, 200);
    assert.deepEqual(hook.calls[0]?.body.request, { targetId: "1" });
    assert.ok(hook.calls[0].body.headers.Host);
    assert.deepEqual(hook.calls[0].body.headers["X-Forwarded-For"], ["127.0.0.1"]);
    hook.reply({ body: { targetID: id, nonsense: 1 } });
    assert.equal((await server.request("GET", `/v3alpha/targets/${id}`)).status, 400);
  });

  it("lets a target of the dialect v2 patch: what its reply leaves out stays, null clears, unknown keys are an error", async () => {
    const id = await createTarget(server, { endpoint: hook.url, type: "restCall" });
    const settings = (body: unknown, mask = ""): Promise<JsonAnswer> =>
      server.request("PATCH", `/v1/targets/${id}/settings${mask}`, body);
    const { body: patched } = await settings({ dialect: "DIALECT_V2", replyMode: "REPLY_MODE_PATCH" });
    assert.deepEqual([patched.settings.dialect, patched.settings.replyMode], ["DIALECT_V2", "REPLY_MODE_PATCH"]);
    await setExecution(server, { response: { method: methodName("GetTargetByID") } }, [id]);
    const read = (): Promise<JsonAnswer> => server.request("GET", `/v3alpha/targets/${id}`);
    hook.reply({ body: { target: { name: "patched" } } });
    const { target } = (await read()).body;
    assert.deepEqual([target.name, target.endpoint, target.targetId], ["patched", hook.url, id]);
    hook.reply({ body: { target: { name: null, details: { sequence: null } } } });
    const cleared = (await read()).body.target;
    assert.deepEqual([cleared.name, cleared.endpoint, cleared.details.sequence], [undefined, hook.url, undefined]);
    assert.ok(cleared.details.changeDate);
    for (const body of [{ target: { nonsense: null } }, { TARGET: {} }, { target: { timeout: 5 } }]) {
      hook.reply({ body });
      assert.equal((await read()).status, 400, JSON.stringify(body));
    }
    hook.reply({ body: { target: { name: "replaced" } } });
    assert.equal((await settings({}, "?updateMask=replyMode")).body.settings.replyMode, "REPLY_MODE_DIALECT");
    assert.deepEqual((await read()).body, { target: { name: "replaced" } });
    const sequence = async (): Promise<string> =>
      (await server.request("GET", `/v3alpha/targets/${id}`, undefined, { headers: { "interpose-bypass": "true" } }))
        .body.target.details.sequence;
    const before = await sequence();
    await settings({ replyMode: "REPLY_MODE_DIALECT" });
    assert.equal(await sequence(), before, "nothing changes");
  });

  it("shows a target of the dialect v2 the client's address behind those of proxies, in each protocol", async () => {
    const id = await createTarget(server, { endpoint: hook.url });
    await server.request("PATCH", `/v1/targets/${id}/settings`, { dialect: "DIALECT_V2" });
    await setExecution(server, onRequest, [id]);
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "x-forwarded-for": "192.0.2.1", cookie: "a=b" };
    await server.request("POST", "/v3alpha/targets/search", {}, { headers });
    for (const name of Object.keys(TRANSPORTS) as TransportName[])
      await actionClient(server, name, headers).listTargets({});
    assert.equal(hook.calls.length, 1 + Object.keys(TRANSPORTS).length);
    for (const { body } of hook.calls) {
      assert.deepEqual(body.headers["X-Forwarded-For"], ["192.0.2.1, 127.0.0.1"]);
      assert.ok(!JSON.stringify(body.headers).includes(ADMIN_TOKEN) && !("cookie" in body.headers));
    }
  });

  const failures: readonly {
    name: string;
    endpoint?: string;
    reply?: Parameters<TestTarget["reply"]>[0];
    timeout?: string;
    status: number;
    code: number;
    id?: string;
  }[] = [
    { name: "answers 500", reply: { status: 500 }, status: 400, code: 9, id: "EXEC-dra6yamk98" },
    { name: "answers 302", reply: { status: 302, headers: { location: "http://127.0.0.1:1/" } }, status: 400, code: 9 },
    { name: "is unreachable", endpoint: UNREACHABLE, status: 503, code: 14 },
    { name: "does not answer in time", reply: "hang", timeout: "0.2s", status: 504, code: 4 },
    {
      name: "lives outside the egress rules",
      endpoint: "http://169.254.169.254/latest/meta-data",
      status: 503,
      code: 14,
    },
    { name: "answers what is not JSON", reply: { body: "<html>" }, status: 400, code: 9 },
    { name: "answers a wrong type", reply: { body: { query: "text" } }, status: 400, code: 9 },
    { name: "answers too much", reply: { body: { name: "x".repeat(1_100_000) } }, status: 400, code: 9 },
    {
      name: "forwards 403",
      reply: { body: { forwardedStatusCode: 403, forwardedErrorMessage: "not you" } },
      status: 403,
      code: 7,
      id: "EXEC-reUaUZCzCp",
    },
    {
      name: "forwards 999",
      reply: { body: { forwardedStatusCode: 999, forwardedErrorMessage: "odd" } },
      status: 400,
      code: 9,
      id: "EXEC-bmhNhpcqpF",
    },
  ];
  for (const { name, endpoint, reply, timeout, status, code, id } of failures) {
    it(`refuses the call when an interrupting target ${name}`, async () => {
      if (reply) hook.reply(reply);
      const target = await createTarget(server, {
        endpoint: endpoint ?? hook.url,
        type: "restCall",
        ...(timeout && { timeout }),
      });
      await setExecution(server, onRequest, [target]);
      const answer = await listTargets();
      assert.equal(answer.status, status, JSON.stringify(answer.body));
      assert.equal(answer.body.code, code);
      assert.ok(!JSON.stringify(answer.body).includes(endpoint ?? hook.url), "the target's URL is not shown");
      if (id)
        assert.ok(
          answer.body.details.some((detail: { id?: string }) => detail.id === id),
          JSON.stringify(answer.body),
        );
    });

    it(`goes on when a target that does not interrupt ${name}`, async () => {
      if (reply) hook.reply(reply);
      const target = await createTarget(server, {
        endpoint: endpoint ?? hook.url,
        type: "restCall",
        interruptOnError: false,
        ...(timeout && { timeout }),
      });
      await setExecution(server, onRequest, [target]);
      const answer = await listTargets();
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      assert.equal(answer.body.result.length, 1, "the request is as the client sent it");
    });
  }

  it("checks the permission before any target is called", async () => {
    await setExecution(server, { request: { all: true } }, [await createTarget(server, { endpoint: hook.url })]);
    const { body } = await server.request(
      "POST",
      "/v1/tokens",
      { name: "nobody", role: "ROLE_NONE" },
      { headers: { "interpose-bypass": "true" } },
    );
    hook.calls.length = 0;
    assert.equal((await listTargets(body.token)).status, 403);
    assert.equal((await server.request("POST", "/v3alpha/targets/search", {}, { token: null })).status, 401);
    assert.equal(hook.calls.length, 0);
  });

  it("sends the trace that the call belongs to", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await setExecution(server, onRequest, [await createTarget(server, { endpoint: hook.url })]);
    await server.request("POST", "/v3alpha/targets/search", {}, { headers: { traceparent } });
    assert.match(String(hook.calls[0]?.headers.traceparent), /^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
  });

  for (const transport of Object.keys(TRANSPORTS) as TransportName[]) {
    it(`watches, changes and refuses calls over ${transport}`, async () => {
      const client = actionClient(server, transport);
      const id = await createTarget(server, { name: `for ${transport}`, endpoint: hook.url, type: "restCall" });
      await setExecution(server, { response: { method: methodName("GetTargetByID") } }, [id]);
      const watched = await client.getTargetByID({ targetId: id });
      assert.equal(watched.target?.name, `for ${transport}`);
      assert.equal(hook.calls[0]?.body.response.target.target_id, id);
      hook.reply({ body: { target: { name: "changed" } } });
      const changed = await client.getTargetByID({ targetId: id });
      assert.equal(changed.target?.name, "changed");
      assert.equal(changed.target.targetId, id);
      hook.reply({ body: { forwardedStatusCode: 404, forwardedErrorMessage: "hidden" } });
      const error = await refusal(client.getTargetByID({ targetId: id }));
      assert.equal(error.code, Code.NotFound);
      assert.match(error.rawMessage, /hidden \(EXEC-reUaUZCzCp\)/);
    });
  }

  describe("with an unreachable target that interrupts everything", () => {
    const bypass = { "interpose-bypass": "true" };
    beforeEach(async () => {
      await setExecution(server, { request: { all: true } }, [await createTarget(server, { endpoint: UNREACHABLE })]);
    });

    it("blocks calls, as ZITADEL's owners know it", async () => {
      assert.equal((await listTargets()).status, 503);
    });

    it("lets a caller with the permission bypass it, on every protocol", async () => {
      for (const transport of Object.keys(TRANSPORTS) as TransportName[]) {
        const client = actionClient(server, transport, { authorization: `Bearer ${ADMIN_TOKEN}`, ...bypass });
        assert.equal((await client.listExecutions({})).result.length, 1, transport);
      }
      const removed = await server.request(
        "DELETE",
        "/v3alpha/executions",
        { condition: { request: { all: true } } },
        { headers: bypass },
      );
      assert.equal(removed.status, 200);
      assert.equal((await listTargets()).status, 200);
    });

    it("refuses the bypass to a caller without the permission", async () => {
      const { body } = await server.request(
        "POST",
        "/v1/tokens",
        { name: "editor", role: "ROLE_EDITOR" },
        { headers: bypass },
      );
      const refused = await server.request(
        "POST",
        "/v3alpha/targets/search",
        {},
        { token: body.token, headers: bypass },
      );
      assert.equal(refused.status, 403);
      assert.match(refused.body.message, /execution\.bypass/);
    });

    it("keeps health and readiness as they are", async () => {
      assert.equal((await server.request("GET", "/readyz", undefined, { token: null })).status, 200);
    });
  });
});
