import assert from "node:assert/strict";
import { before, beforeEach, describe, it } from "node:test";
import { createDatabase } from "../src/store/database.ts";
import { createTarget, methodName, setExecution } from "./harness/api.ts";
import { cleanUp, forSuite } from "./harness/cleanup.ts";
import { newDatabaseUrl } from "./harness/postgres.ts";
import { startServer, type JsonAnswer, type TestServer } from "./harness/server.ts";
import { assertRefused, type ExpectedRefusal } from "./harness/refusals.ts";
import { startTarget, type TestTarget } from "./harness/target.ts";

const GET_TARGET = { response: { method: methodName("GetTargetByID") } };
/** Checks a refusal; by default any text, no id, and INVALID_ARGUMENT. */
function check(answer: JsonAnswer, expected: Partial<ExpectedRefusal> & { readonly reason: string }): void {
  assertRefused(answer, { status: 400, code: 3, says: /./, ...expected });
}

const GET_TARGET_ID = `response${methodName("GetTargetByID")}`;

describe("execution options", () => {
  const suite = forSuite();
  let server: TestServer;
  let hook: TestTarget;
  let target: string;
  before(async () => {
    server = await startServer(suite);
    hook = await startTarget(suite);
  });
  beforeEach(async () => {
    hook.calls.length = 0;
    hook.reply({});
    target = await createTarget(server, { endpoint: hook.url, type: "restCall" });
    for (const condition of [GET_TARGET, { request: { all: true } }, { response: { all: true } }])
      await server.request("DELETE", "/v3alpha/executions", { condition });
    await setExecution(server, GET_TARGET, [target]);
  });

  const path = (execution: string): string => `/v1/executionOptions/${execution}`;
  const get = (execution = GET_TARGET_ID): Promise<JsonAnswer> => server.request("GET", path(execution));
  const update = (options: unknown, { execution = GET_TARGET_ID, mask = "" } = {}): Promise<JsonAnswer> =>
    server.request("PATCH", `${path(execution)}${mask === "" ? "" : `?updateMask=${mask}`}`, options);
  const set = async (options: unknown, more = {}): Promise<unknown> => {
    const answer = await update(options, more);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body.options;
  };
  const changes = async (): Promise<bigint> => {
    const { body } = await server.request("POST", "/v3alpha/executions/search", {});
    return BigInt(body.result.find(({ Condition }: any) => Condition.response?.method).details.sequence);
  };

  it("are those of every execution until they are set", async () => {
    assert.deepEqual((await get()).body.options, { runOnErrors: false });
  });

  it("change one by one, by what is given or by what the mask names", async () => {
    const both = { runOnErrors: true, hiddenFields: ["target.endpoint"] };
    assert.deepEqual(await set({ runOnErrors: true }), { runOnErrors: true });
    assert.deepEqual(await set({ hiddenFields: ["target.endpoint", "target.endpoint"] }), both);
    assert.deepEqual((await get()).body.options, both);
    assert.deepEqual(await set({ runOnErrors: false }), { runOnErrors: false, hiddenFields: ["target.endpoint"] });
    assert.deepEqual(await set({ runOnErrors: true, hiddenFields: ["target.name"] }, { mask: "runOnErrors" }), both);
    assert.deepEqual(await set({}, { mask: "hiddenFields" }), { runOnErrors: true });
    assert.deepEqual(await set({ hiddenFields: ["target.name"] }, { mask: "*" }), {
      runOnErrors: false,
      hiddenFields: ["target.name"],
    });
  });

  it("are an event of the execution's history each time that they change, and not otherwise", async () => {
    const first = await changes();
    await set({ runOnErrors: true });
    assert.equal(await changes(), first + 1n);
    await set({ runOnErrors: true });
    await set({});
    assert.equal(await changes(), first + 1n);
  });

  it("stay when the list is set again, and go with the execution", async () => {
    await set({ runOnErrors: true, hiddenFields: ["target.endpoint"] });
    const other = await createTarget(server, { endpoint: hook.url });
    await setExecution(server, GET_TARGET, [other, target]);
    assert.deepEqual((await get()).body.options, { runOnErrors: true, hiddenFields: ["target.endpoint"] });
    await server.request("DELETE", "/v3alpha/executions", { condition: GET_TARGET });
    check(await get(), { status: 404, code: 5, reason: "EXECUTION_NOT_FOUND" });
    await setExecution(server, GET_TARGET, [target]);
    assert.deepEqual((await get()).body.options, { runOnErrors: false });
  });

  it("say by what deliveries of events follow each other, until they are told that it is nothing", async () => {
    const execution = "event/user.added";
    await setExecution(server, { event: { event: "user.added" } }, [target]);
    const runOnErrors = false;
    assert.deepEqual(await set({ fifoBy: "aggregate" }, { execution }), { runOnErrors, fifoBy: "aggregate" });
    assert.deepEqual(await set({ fifoBy: "payload.user.id" }, { execution }), {
      runOnErrors,
      fifoBy: "payload.user.id",
    });
    assert.deepEqual(await set({}, { execution }), { runOnErrors, fifoBy: "payload.user.id" });
    assert.deepEqual((await get(execution)).body.options, { runOnErrors, fifoBy: "payload.user.id" });
    assert.deepEqual(await set({}, { execution, mask: "fifoBy" }), { runOnErrors });
    await set({ fifoBy: "aggregate" }, { execution });
    assert.deepEqual(await set({ fifoBy: "" }, { execution }), { runOnErrors });
    await set({ fifoBy: "aggregate" }, { execution });
    assert.deepEqual(await set({}, { execution, mask: "*" }), { runOnErrors });
    await server.request("DELETE", "/v3alpha/executions", { condition: { event: { event: "user.added" } } });
  });

  it("mark targets as shadows that the execution calls, itself or by an include, and forget those that are deleted", async () => {
    const included = await createTarget(server, { endpoint: hook.url });
    const shadow = await createTarget(server, { endpoint: hook.url });
    await setExecution(server, { response: { all: true } }, [included, shadow]);
    await setExecution(server, GET_TARGET, [target, { include: { response: { all: true } } }]);
    const runOnErrors = false;
    assert.deepEqual(await set({ shadowTargets: [included, shadow] }), {
      runOnErrors,
      shadowTargets: [included, shadow],
    });
    check(await update({ shadowTargets: [target, "7"] }), {
      reason: "OPTIONS_INVALID",
      says: new RegExp(
        `shadow_targets name "7", which .* does not call: it calls ${target} \\(".+"\\), ${included} \\(".+"\\), ${shadow} \\(".+"\\)\\.`,
      ),
    });
    // What is not called any more stays, and is no obstacle to other changes.
    await setExecution(server, { response: { all: true } }, [included]);
    await set({ runOnErrors: true });
    const both = { runOnErrors: true, shadowTargets: [included, shadow] };
    assert.deepEqual(await set({ shadowTargets: [included, shadow] }), both);
    await server.request("DELETE", `/v3alpha/targets/${shadow}`);
    assert.deepEqual((await get()).body.options, { runOnErrors: true, shadowTargets: [included] });
    assert.deepEqual(await set({}, { mask: "shadowTargets" }), { runOnErrors: true });
  });

  it("leave the lists of the wire contract as they are", async () => {
    await set({ shadowTargets: [target] });
    const { body } = await server.request("POST", "/v3alpha/executions/search", {});
    const listed = body.result.find(({ Condition }: any) => Condition.response?.method);
    assert.deepEqual(Object.keys(listed).sort(), ["Condition", "details", "targets"]);
    assert.deepEqual(listed.targets, [{ target }]);
  });

  const refused: readonly {
    name: string;
    execution?: string;
    options: unknown;
    mask?: string;
    says: RegExp;
    reason?: string;
    status?: number;
    code?: number;
  }[] = [
    {
      name: "errors for a request",
      execution: "request",
      options: { runOnErrors: true },
      says: /run_on_errors .* on responses/,
    },
    {
      name: "hidden fields of a function",
      execution: "function/preuserinfo",
      options: { hiddenFields: ["a"] },
      says: /hidden_fields .* requests and responses/,
    },
    {
      name: "a path that matches no field of the method",
      options: { hiddenFields: ["target.name", "target.nam"] },
      says: /"target\.nam" matches no field in requests and responses of \/zitadel/,
    },
    {
      name: "a path that is none",
      options: { hiddenFields: ["target..name"] },
      says: /nothing before, behind or between/,
    },
    { name: "an order of what is no event", options: { fifoBy: "aggregate" }, says: /fifo_by .* on events/ },
    {
      name: "a shadow of an event",
      execution: "event/user.added",
      options: { shadowTargets: ["1"] },
      says: /shadow_targets .* on requests, responses and functions/,
    },
    { name: "half a wildcard", options: { hiddenFields: ["target.na*"] }, says: /within a name/ },
    { name: "too long a path", options: { hiddenFields: ["a".repeat(201)] }, says: /200/, reason: "VALIDATION_FAILED" },
    {
      name: "too many paths",
      options: { hiddenFields: Array.from({ length: 101 }, (_, i) => `a${i}`) },
      says: /100/,
      reason: "VALIDATION_FAILED",
    },
    {
      name: "a mask that names no option",
      options: {},
      mask: "nonsense",
      says: /no option "nonsense"/,
      reason: "BAD_REQUEST",
    },
    {
      name: "an id of no condition",
      execution: "nonsense/x",
      options: { runOnErrors: true },
      says: /id of no execution/,
      reason: "CONDITION_INVALID",
    },
    {
      name: "an execution that is not set",
      execution: "response/acme.v1.Users",
      options: { runOnErrors: true },
      says: /no execution for "response\/acme/,
      reason: "EXECUTION_NOT_FOUND",
      status: 404,
      code: 5,
    },
  ];
  for (const { name, options, says, reason = "OPTIONS_INVALID", status = 400, code = 3, ...more } of refused) {
    it(`refuse ${name}`, async () => {
      for (const condition of [
        { request: { all: true } },
        { function: { name: "preuserinfo" } },
        { event: { event: "user.added" } },
      ])
        await setExecution(server, condition, [
          await createTarget(server, { endpoint: hook.url, interruptOnError: false }),
        ]);
      const answer = await update(options, more);
      check(answer, { status, code, reason, says });
      for (const condition of [
        { request: { all: true } },
        { function: { name: "preuserinfo" } },
        { event: { event: "user.added" } },
      ])
        await server.request("DELETE", "/v3alpha/executions", { condition });
    });
  }

  it("take any path for a service or everything, since their messages may be others later", async () => {
    await setExecution(server, { response: { all: true } }, [target]);
    assert.deepEqual(await set({ hiddenFields: ["user.password"] }, { execution: "response" }), {
      runOnErrors: false,
      hiddenFields: ["user.password"],
    });
  });

  it("are shown to those who may read executions, and changed by those who may write them", async () => {
    const token = async (permission: string): Promise<string> =>
      (await server.request("POST", "/v1/tokens", { name: permission, permissions: [permission] })).body.token;
    const [reader, writer] = [await token("execution.read"), await token("execution.write")];
    const statuses = async (of: string): Promise<readonly number[]> => [
      (await server.request("GET", path(GET_TARGET_ID), undefined, { token: of })).status,
      (await server.request("PATCH", path(GET_TARGET_ID), { runOnErrors: true }, { token: of })).status,
    ];
    assert.deepEqual(await statuses(reader), [200, 403]);
    assert.deepEqual(await statuses(writer), [403, 200]);
  });

  describe("run_on_errors", () => {
    const missing = (): Promise<JsonAnswer> => server.request("GET", "/v3alpha/targets/404");

    it("is off until it is set: no target hears of an error", async () => {
      assert.equal((await missing()).status, 404);
      assert.equal(hook.calls.length, 0);
    });

    it("shows targets code, text and details in place of the response, and leaves the error as it is", async () => {
      await set({ runOnErrors: true });
      hook.reply({ body: { target: { name: "made up" }, error: { code: "OK" } } });
      const answer = await missing();
      check(answer, { status: 404, code: 5, reason: "TARGET_NOT_FOUND", id: "QUERY-hj5oaniyrz" });
      const [{ body } = assert.fail()] = hook.calls;
      assert.equal(body.fullMethod, methodName("GetTargetByID"));
      assert.deepEqual(body.request, { target_id: "404" });
      assert.equal(body.response, undefined);
      assert.equal(body.error.code, "NOT_FOUND");
      assert.equal(body.error.message, answer.body.message);
      assert.deepEqual(body.error.details, answer.body.details);
    });

    it("spells details as the target's dialect does", async () => {
      await set({ runOnErrors: true });
      await server.request("PATCH", `/v1/targets/${target}/settings`, { dialect: "DIALECT_V2" });
      await setExecution(server, { response: { method: methodName("CreateTarget") } }, [target]);
      await set({ runOnErrors: true }, { execution: `response${methodName("CreateTarget")}` });
      const answer = await server.request("POST", "/v3alpha/targets", { name: "" });
      assert.equal(answer.status, 400, "an error of validation is one too");
      const { error } = hook.calls[0]?.body ?? assert.fail();
      assert.equal(error.code, "INVALID_ARGUMENT");
      assert.ok(
        error.details.some(({ fieldViolations }: any) => fieldViolations?.length > 0),
        JSON.stringify(error),
      );
      await server.request("DELETE", "/v3alpha/executions", {
        condition: { response: { method: methodName("CreateTarget") } },
      });
    });

    it("runs for responses as before", async () => {
      await set({ runOnErrors: true });
      hook.reply({ body: { target: { name: "changed" } } });
      const { body } = await server.request("GET", `/v3alpha/targets/${target}`);
      assert.equal(body.target.name, "changed");
      assert.equal(hook.calls[0]?.body.error, undefined);
    });

    it("lets a target that interrupts put a refusal in the error's place, in words or by failing", async () => {
      await set({ runOnErrors: true });
      hook.reply({ body: { forwardedStatusCode: 403, forwardedErrorMessage: "not for you" } });
      check(await missing(), { status: 403, code: 7, reason: "TARGET_REFUSED", id: "EXEC-reUaUZCzCp" });
      hook.reply({ status: 500 });
      check(await missing(), { status: 400, code: 9, reason: "TARGET_FAILED", id: "EXEC-dra6yamk98" });
      hook.reply({ body: "<html>" });
      check(await missing(), { status: 400, code: 9, reason: "TARGET_REPLY_INVALID", id: "EXEC-dra6yamk98" });
    });

    it("leaves the error where the target does not interrupt", async () => {
      const quiet = await createTarget(server, { endpoint: hook.url, type: "restCall", interruptOnError: false });
      await setExecution(server, GET_TARGET, [quiet]);
      await set({ runOnErrors: true });
      for (const reply of [{ status: 500 }, { body: { forwardedStatusCode: 403 } }, { body: "<html>" }]) {
        hook.reply(reply);
        check(await missing(), { status: 404, code: 5, reason: "TARGET_NOT_FOUND", id: "QUERY-hj5oaniyrz" });
      }
      assert.equal(hook.calls.length, 3);
    });

    it("hears nothing of what request targets and permissions refuse", async (t) => {
      await set({ runOnErrors: true });
      const refuses = await startTarget(t, { body: { forwardedStatusCode: 409 } });
      await setExecution(server, { request: { method: methodName("GetTargetByID") } }, [
        await createTarget(server, { endpoint: refuses.url }),
      ]);
      assert.equal((await missing()).status, 409);
      await server.request("DELETE", "/v3alpha/executions", {
        condition: { request: { method: methodName("GetTargetByID") } },
      });
      assert.equal((await server.request("GET", "/v3alpha/targets/404", undefined, { token: null })).status, 401);
      assert.equal(hook.calls.length, 0);
    });
  });

  describe("hidden_fields", () => {
    it("are in no payload, and no reply sets, clears or replaces them; the rest can be changed", async () => {
      await set({ hiddenFields: ["target.endpoint", "targetId", "*.target_id"] });
      for (const reply of [
        { target: { name: "changed", endpoint: "https://evil.example" } },
        { target: { endpoint: null, name: "changed" } },
      ]) {
        hook.reply({ body: reply });
        const { body } = await server.request("GET", `/v3alpha/targets/${target}`);
        assert.deepEqual([body.target.endpoint, body.target.name, body.target.targetId], [hook.url, "changed", target]);
      }
      hook.reply({ body: { target: null } });
      const { body } = await server.request("GET", `/v3alpha/targets/${target}`);
      assert.deepEqual(body, { target: { endpoint: hook.url, targetId: target } }, "what was hidden is left");
      assert.ok(!JSON.stringify(hook.calls.map((call) => call.body)).includes(hook.url));
      assert.deepEqual(hook.calls[0]?.body.request, {});
      assert.equal(hook.calls[0].body.response.target.target_id, undefined);
    });

    it("are kept where a reply replaces the whole message, in the dialect v2", async () => {
      await server.request("PATCH", `/v1/targets/${target}/settings`, { dialect: "DIALECT_V2" });
      await set({ hiddenFields: ["target.endpoint"] });
      hook.reply({ body: { target: { name: "all there is", endpoint: "https://evil.example" } } });
      const { body } = await server.request("GET", `/v3alpha/targets/${target}`);
      assert.deepEqual(body, { target: { name: "all there is", endpoint: hook.url } });
    });

    it("are those of the execution alone that is matched, and not of one that includes it or is included", async () => {
      await setExecution(server, { response: { all: true } }, [target]);
      await set({ hiddenFields: ["target.endpoint"] }, { execution: "response" });
      await setExecution(server, GET_TARGET, [{ include: { response: { all: true } } }]);
      await server.request("GET", `/v3alpha/targets/${target}`);
      assert.equal(hook.calls.at(-1)?.body.response.target.endpoint, hook.url);
    });

    it("are left out of the details of errors too", async () => {
      // What is in details is not known beforehand, so no execution on one method can name it.
      await server.request("DELETE", "/v3alpha/executions", { condition: GET_TARGET });
      await setExecution(server, { response: { all: true } }, [target]);
      await set({ runOnErrors: true, hiddenFields: ["**.metadata", "id", "targetId"] }, { execution: "response" });
      hook.calls.length = 0;
      await server.request("GET", "/v3alpha/targets/404");
      const { request, error } = hook.calls[0]?.body ?? assert.fail();
      assert.deepEqual(request, {});
      assert.ok(
        error.details.every((detail: object) => !("id" in detail) && "@type" in detail),
        JSON.stringify(error),
      );
    });

    it("are not in the log", async () => {
      await set({ hiddenFields: ["target.endpoint"] });
      hook.reply({ body: { target: { name: 5, endpoint: "https://in-the-reply.example" } } });
      await server.request("GET", `/v3alpha/targets/${target}`);
      assert.ok(!server.stderr().includes("in-the-reply.example"));
    });
  });
});

describe("the setting hiddenFields", () => {
  it("hides fields from the targets of all executions, beside their own", async (t) => {
    const server = await startServer(t, { env: { INTERPOSE_HIDDEN_FIELDS: "**.endpoint,*.name" } });
    const hook = await startTarget(t, { body: { target: { endpoint: "https://evil.example", timeout: "9s" } } });
    const target = await createTarget(server, { name: "kept", endpoint: hook.url, type: "restCall" });
    await setExecution(server, GET_TARGET, [target]);
    await server.request("PATCH", `/v1/executionOptions/${GET_TARGET_ID}`, { hiddenFields: ["target.details"] });
    const { body } = await server.request("GET", `/v3alpha/targets/${target}`);
    assert.deepEqual([body.target.endpoint, body.target.name, body.target.timeout], [hook.url, "kept", "9s"]);
    assert.deepEqual(Object.keys(hook.calls[0]?.body.response.target).sort(), ["rest_call", "target_id", "timeout"]);
  });

  it("stops the start where it is no list of paths", async (t) => {
    await assert.rejects(
      startServer(t, { env: { INTERPOSE_HIDDEN_FIELDS: "user.pass*" } }),
      /hiddenFields \(INTERPOSE_HIDDEN_FIELDS\): .*within a name/,
    );
  });
});

describe("the event log", () => {
  it("has each change of options, with what changed", async (t) => {
    const databaseUrl = await newDatabaseUrl(t);
    const server = await startServer(t, { databaseUrl });
    const target = await createTarget(server, { endpoint: "https://example.com" });
    await setExecution(server, GET_TARGET, [target]);
    await server.request("PATCH", `/v1/executionOptions/${GET_TARGET_ID}`, {
      runOnErrors: true,
      hiddenFields: ["target.name"],
    });
    await server.request("PATCH", `/v1/executionOptions/${GET_TARGET_ID}`, {
      runOnErrors: false,
      hiddenFields: ["target.name"],
    });
    const database = createDatabase({ url: databaseUrl });
    cleanUp(t, () => database.close());
    const text =
      "select aggregate_id, payload from interpose.events where type = 'execution.options_changed' order by position";
    assert.deepEqual(await database.query({ text, values: [] }), [
      { aggregate_id: GET_TARGET_ID, payload: { runOnErrors: true, hiddenFields: ["target.name"] } },
      { aggregate_id: GET_TARGET_ID, payload: { runOnErrors: false } },
    ]);
  });
});
