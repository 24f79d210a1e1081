import assert from "node:assert/strict";
import { before, beforeEach, describe, it } from "node:test";
import { Code, createClient, type Client, type Interceptor } from "@connectrpc/connect";
import type { JsonObject } from "@bufbuild/protobuf";
import { FunctionService } from "@interpose/protocol/gen/interpose/v1/function_service_pb";
import { createTargetInTurn as createTarget, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { refusal, TRANSPORTS, type TransportName } from "./harness/clients.ts";
import { eventually } from "./harness/eventually.ts";
import { assertRefused, metadataOf, violationsOf, type ExpectedRefusal } from "./harness/refusals.ts";
import { ADMIN_TOKEN, startServer, type JsonAnswer, type TestServer } from "./harness/server.ts";
import { startTarget, type TestTarget } from "./harness/target.ts";

const INVOKE = "/interpose.v1.FunctionService/Invoke";

function functionClient(server: TestServer, transport: TransportName): Client<typeof FunctionService> {
  const asAdmin: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${ADMIN_TOKEN}`);
    return next(request);
  };
  return createClient(FunctionService, TRANSPORTS[transport](server.url, [asAdmin]));
}

describe("invoking a function", () => {
  const suite = forSuite();
  let server: TestServer;
  let hook: TestTarget;
  let second: TestTarget;
  before(async () => {
    server = await startServer(suite, { env: { INTERPOSE_HIDDEN_FIELDS: "user.human.password,**.secret" } });
    [hook, second] = await Promise.all([startTarget(suite), startTarget(suite)]);
    await server.request("POST", "/v1/functions", {
      name: "price",
      inputSchema: { type: "object", required: ["amount"], properties: { amount: { type: "integer", minimum: 1 } } },
      replySchema: { type: "object", required: ["total"], properties: { total: { type: "number" } } },
    });
  });
  beforeEach(async () => {
    for (const target of [hook, second]) {
      target.calls.length = 0;
      target.reply({});
    }
    for (const name of ["preuserinfo", "price", "preotpsmscode"])
      await server.request("DELETE", "/v3alpha/executions", { condition: { function: { name } } });
  });

  interface Call {
    readonly url?: string;
    readonly type?: "restWebhook" | "restCall" | "restAsync";
    readonly interruptOnError?: boolean;
  }
  /** Sets targets on a function, each with what is not as usual: a call that interrupts, at the first endpoint. */
  async function set(name: string, ...calls: readonly Call[]): Promise<void> {
    const ids: string[] = [];
    for (const { url = hook.url, type = "restCall", interruptOnError } of calls)
      ids.push(
        await createTarget(server, {
          endpoint: url,
          type,
          ...(interruptOnError !== undefined && { interruptOnError }),
        }),
      );
    await setExecution(server, { function: { name } }, ids);
  }
  const invoke = (name: string, input?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<JsonAnswer> =>
    server.request("POST", `/v1/functions/${name}:invoke`, input === undefined ? {} : { input }, { headers });
  const outputOf = async (name: string, input?: unknown): Promise<unknown> => {
    const { status, body } = await invoke(name, input);
    assert.equal(status, 200, JSON.stringify(body));
    return body.output;
  };

  const INPUT: JsonObject = { userinfo: { sub: "7", "odd key": [1, 2.5, null, { a: true }] }, user: { id: "7" } };
  for (const transport of Object.keys(TRANSPORTS) as TransportName[]) {
    it(`shows targets the input, and answers their output, by ${transport}`, async () => {
      await set("preuserinfo", {});
      const claims = [{ key: "plan", value: { name: "gold", since: 2020.5, list: [null, "x"] } }];
      hook.reply({ body: { append_claims: claims } });
      const { output } = await functionClient(server, transport).invoke({ name: "preuserinfo", input: INPUT });
      assert.deepEqual(output, { append_claims: claims });
      assert.deepEqual(hook.calls[0]?.body, { function: "function/preuserinfo", ...INPUT });
    });
  }

  it("is the same over REST", async () => {
    await set("preuserinfo", {});
    hook.reply({ body: { append_log_claims: ["seen"] } });
    assert.deepEqual(await outputOf("preuserinfo", INPUT), { append_log_claims: ["seen"] });
    assert.deepEqual(hook.calls[0]?.body, { function: "function/preuserinfo", ...INPUT });
    assert.equal(hook.calls[0].headers["content-type"], "application/json");
  });

  it("answers an empty output where nothing is set on it, or nobody replies", async () => {
    assert.deepEqual(await outputOf("preuserinfo"), {});
    await set("preuserinfo", { type: "restWebhook" }, { type: "restAsync" });
    hook.reply({ body: { append_log_claims: ["of a webhook"] } });
    assert.deepEqual(await outputOf("preuserinfo"), {});
    await eventually("the async target is called", () => hook.calls.length === 2);
  });

  it("calls its targets in order, each with the same input, and merges what they reply", async () => {
    await set("preuserinfo", {}, { url: second.url });
    const metadata = [{ key: "k", value: "dg==" }];
    hook.reply({
      body: {
        append_claims: [
          { key: "a", value: 1 },
          { key: "b", value: 2 },
        ],
        set_user_metadata: metadata,
      },
    });
    second.reply(() => {
      assert.equal(hook.calls.length, 1);
      return { body: { append_claims: [{ key: "c", value: 3 }] } };
    });
    assert.deepEqual(await outputOf("preuserinfo", INPUT), {
      append_claims: [{ key: "c", value: 3 }],
      set_user_metadata: metadata,
    });
    assert.deepEqual(second.calls[0]?.body, hook.calls[0]?.body);
  });

  it("drops from a built-in function's output what its callers do not know, and what is null", async () => {
    await set("preuserinfo", {});
    hook.reply({ body: { append_claims: null, nonsense: 1, append_log_claims: ["x"] } });
    assert.deepEqual(await outputOf("preuserinfo"), { append_log_claims: ["x"] });
  });

  it("keeps the output of ZITADEL's first names as it is", async () => {
    const name = "Action.Flow.Type.CustomiseToken.Action.TriggerType.PreUserinfoCreation";
    await set(name, {});
    hook.reply({ body: { anything: [{ goes: true }] } });
    assert.deepEqual(await outputOf(name, { anything: 1 }), { anything: [{ goes: true }] });
    await server.request("DELETE", "/v3alpha/executions", { condition: { function: { name } } });
  });

  const misfits: readonly { readonly name: string; readonly reply: unknown }[] = [
    { name: "preuserinfo", reply: { append_claims: { key: "a" } } },
    { name: "preuserinfo", reply: { append_claims: [{ value: "no key" }] } },
    { name: "preuserinfo", reply: { append_log_claims: [1] } },
    { name: "preuserinfo", reply: { set_user_metadata: [{ key: "k", value: "no base64!" }] } },
    { name: "preotpsmscode", reply: { code: "1", generate: { length: 6 } } },
    { name: "preotpsmscode", reply: { generate: { length: 0 } } },
    { name: "price", reply: { total: "1" } },
    { name: "price", reply: { tax: 1 } },
  ];
  for (const { name, reply } of misfits) {
    it(`takes ${JSON.stringify(reply)} of ${name} for a failure of the target`, async () => {
      await set(name, {});
      hook.reply({ body: reply as object });
      const refused = await invoke(name, { amount: 1 });
      const says =
        /^Execution failed: target "[^"]+" answered what does not fit the function\. Run \d+ has the record\./;
      assertRefused(refused, { status: 400, code: 9, reason: "TARGET_REPLY_INVALID", id: "EXEC-dra6yamk98", says });
      await set(name, { interruptOnError: false });
      assert.deepEqual(await outputOf(name, { amount: 1 }), {});
    });
  }

  it("holds the schema against what replies come to together", async () => {
    await set("price", { interruptOnError: false }, { url: second.url });
    hook.reply({ body: { total: 7, currency: "EUR" } });
    second.reply({ body: { tax: 1 } });
    assert.deepEqual(await outputOf("price", { amount: 1 }), { total: 7, currency: "EUR", tax: 1 });
  });

  const refusedInputs: readonly {
    readonly name: string;
    readonly input: unknown;
    readonly violations: readonly string[];
  }[] = [
    { name: "price", input: undefined, violations: ["input.amount"] },
    { name: "price", input: { amount: 0.5 }, violations: ["input.amount", "input.amount"] },
    {
      name: "preuserinfo",
      input: { userinfo: [], user_grants: {} },
      violations: ["input.user_grants", "input.userinfo"],
    },
  ];
  for (const { name, input, violations } of refusedInputs) {
    it(`refuses the input ${JSON.stringify(input)} of ${name}, and calls nobody`, async () => {
      await set(name, {});
      const answer = await invoke(name, input);
      const says = new RegExp(`^The input does not fit the function "${name}": input`);
      assertRefused(answer, { status: 400, code: 3, reason: "FUNCTION_INPUT_INVALID", says });
      assert.deepEqual(
        violationsOf(answer)
          .map(({ field }) => field)
          .sort(),
        violations,
      );
      assert.equal(hook.calls.length, 0);
    });
  }

  it("refuses a function that there is none of", async () => {
    assertRefused(await invoke("nothing"), {
      status: 404,
      code: 5,
      reason: "FUNCTION_NOT_FOUND",
      says: /^There is no function "nothing"/,
    });
    for (const name of ["a/b", "a%00b", "x".repeat(300), "%"]) {
      const { status } = await invoke(name.includes("%") ? name : encodeURIComponent(name));
      assert.ok([400, 404].includes(status), name);
    }
  });

  it("tells its caller how a target failed, or what it refused, and hides the URL", async () => {
    await set("preuserinfo", { type: "restWebhook" });
    hook.reply({ body: { forwardedStatusCode: 403, forwardedErrorMessage: "not today" } });
    const expected: ExpectedRefusal = {
      status: 403,
      code: 7,
      reason: "TARGET_REFUSED",
      id: "EXEC-reUaUZCzCp",
      says: /^not today/,
    };
    assertRefused(await invoke("preuserinfo"), expected);
    await set("preuserinfo", {});
    hook.reply({ body: "<html>" });
    const unreadable = await invoke("preuserinfo");
    assertRefused(unreadable, {
      status: 400,
      code: 9,
      reason: "TARGET_REPLY_INVALID",
      id: "ACTION-4m9s2",
      says: /is not a JSON object/,
    });
    assert.ok(!JSON.stringify(unreadable.body).includes(new URL(hook.url).host));
    assert.match(metadataOf(unreadable).runId ?? "", /^\d+$/);
    const error = await refusal(functionClient(server, "gRPC over HTTP/2").invoke({ name: "preuserinfo" }));
    assert.equal(error.code, Code.FailedPrecondition);
  });

  it("refuses by number and depth what other protocols could not carry, as what does not fit", async () => {
    await set("preuserinfo", {});
    for (const value of ["1e999", '"\\ud800"', `${"[".repeat(150)}${"]".repeat(150)}`]) {
      hook.reply({ body: `{"append_claims": [{"key": "a", "value": ${value}}]}` });
      assertRefused(await invoke("preuserinfo"), {
        status: 400,
        code: 9,
        reason: "TARGET_REPLY_INVALID",
        id: "EXEC-dra6yamk98",
        says: /fit/,
      });
    }
  });

  it("ends with its caller's deadline, whatever its targets would be forgiven", async () => {
    await set("preuserinfo", { interruptOnError: false });
    hook.reply("hang");
    const answer = await invoke("preuserinfo", {}, { "grpc-timeout": "300m" });
    assertRefused(answer, { status: 504, code: 4, reason: "RUN_TIMED_OUT", says: /the time of the call was over/ });
  });

  it("is refused where it leads to itself too often", async () => {
    await set("preuserinfo", {});
    const seen: JsonAnswer[] = [];
    hook.reply(async ({ headers }) => {
      const answer = await invoke("preuserinfo", {}, { "interpose-run": String(headers["interpose-run"]) });
      seen.push(answer);
      return { body: answer.status === 200 ? {} : { forwardedStatusCode: 429, forwardedErrorMessage: "too deep" } };
    });
    assertRefused(await invoke("preuserinfo"), {
      status: 429,
      code: 8,
      reason: "TARGET_REFUSED",
      id: "EXEC-reUaUZCzCp",
      says: /too deep/,
    });
    const [deepest = assert.fail()] = seen;
    assertRefused(deepest, {
      status: 400,
      code: 9,
      reason: "RUN_TOO_DEEP",
      says: /function\/preuserinfo \(run \d+\) → function\/preuserinfo/,
    });
    assert.equal(hook.calls.length, 5);
  });

  it("can itself be hooked, as any call of the API", async () => {
    await set("price", {});
    hook.reply({ body: { total: 1 } });
    const changes = await startTarget(suite, { body: { input: { amount: 9 } } });
    const id = await createTarget(server, { endpoint: changes.url, type: "restCall" });
    await setExecution(server, { request: { method: INVOKE } }, [id]);
    assert.deepEqual(await outputOf("price", { amount: 1, secret: "s" }), { total: 1 });
    await invoke("price", { amount: 2 }, { "interpose-bypass": "true" });
    await server.request("DELETE", "/v3alpha/executions", { condition: { request: { method: INVOKE } } });
    assert.equal(changes.calls.length, 1, "the bypass is for what is hooked on the call");
    assert.deepEqual(hook.calls[1]?.body, { function: "function/price", amount: 2 }, "and not for what it is for");
    assert.deepEqual(changes.calls[0]?.body.request, { name: "price", input: { amount: 1 } });
    assert.deepEqual(hook.calls[0]?.body, { function: "function/price", amount: 9 });
  });

  it("hides from targets what is hidden from all of them", async () => {
    await set("preuserinfo", {});
    const user = { human: { password: "p", email: "e" }, list: [{ secret: "s", a: 1 }] };
    await outputOf("preuserinfo", { user });
    assert.deepEqual(hook.calls[0]?.body.user, { human: { email: "e" }, list: [{ a: 1 }] });
  });

  it("leaves a record of its run", async () => {
    await set("preuserinfo", {}, { interruptOnError: false, url: "http://127.0.0.1:1/" });
    await outputOf("preuserinfo");
    const record = await eventually("the record", () =>
      server
        .stderr()
        .split("\n")
        .filter((line) => line.includes('"run.ended"') && line.includes("function/preuserinfo"))
        .map((line) => JSON.parse(line) as Record<string, any>)
        .find(({ calls }) => calls.length === 2 && calls[1].failure === "connect"),
    );
    assert.deepEqual([record.side, record.method, record.depth, record.outcome], ["function", undefined, 1, "passed"]);
    assert.deepEqual(
      record.calls.map(({ effect }: { effect: string }) => effect),
      ["none", "ignored"],
    );
  });

  it("takes no input that is nested too deep, in any protocol", async () => {
    let input: JsonObject = {};
    for (let i = 0; i < 200; i++) input = { in: input };
    await set("preuserinfo", {});
    assert.equal((await invoke("preuserinfo", input)).status, 400);
    for (const transport of ["gRPC over HTTP/2", "Connect with JSON over HTTP/1.1"] as const) {
      const error = await refusal(functionClient(server, transport).invoke({ name: "preuserinfo", input }));
      assert.ok([Code.InvalidArgument, Code.Internal, Code.ResourceExhausted].includes(error.code), String(error));
    }
    assert.equal(hook.calls.length, 0);
    assert.deepEqual(await outputOf("preuserinfo"), {}, "and goes on working");
  });
});
