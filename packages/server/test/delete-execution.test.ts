import assert from "node:assert/strict";
import { before, beforeEach, describe, it } from "node:test";
import { Code } from "@connectrpc/connect";
import { ErrorDetailSchema } from "@interpose/protocol/gen/zitadel/v1/error_detail_pb";
import { createTarget, methodName, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { actionClient, refusal } from "./harness/clients.ts";
import { assertInvalid, assertRefused } from "./harness/refusals.ts";
import { listedExecution } from "./harness/searches.ts";
import { startServer, type JsonAnswer, type TestServer } from "./harness/server.ts";
import { startTarget, type TestTarget } from "./harness/target.ts";

const PATH = "/v3alpha/executions";

describe("DELETE /v3alpha/executions", () => {
  let server: TestServer;
  let hook: TestTarget;
  const targets = { a: "", b: "", c: "" };
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite);
    hook = await startTarget(suite);
    for (const name of ["a", "b", "c"] as const) {
      targets[name] = await createTarget(server, { endpoint: `${hook.url}${name}` });
    }
  });
  beforeEach(() => void (hook.calls.length = 0));

  const remove = (condition: unknown): Promise<JsonAnswer> => server.request("DELETE", PATH, { condition });

  const conditions: readonly { name: string; condition: unknown }[] = [
    { name: "all requests", condition: { request: { all: true } } },
    { name: "requests of a service", condition: { request: { service: "grpc.health.v1.Health" } } },
    { name: "responses of a method", condition: { response: { method: methodName("ListExecutionServices") } } },
    { name: "a function", condition: { function: { name: "preuserinfo" } } },
    { name: "an event", condition: { event: { event: "user.human.added" } } },
    { name: "a group of events", condition: { event: { group: "user.human" } } },
    { name: "all events", condition: { event: { all: true } } },
  ];
  for (const { name, condition } of conditions) {
    it(`deletes the execution on ${name} that the body names, and no other`, async () => {
      const other = { event: { event: "stays" } };
      const stays = await setExecution(server, other, [targets.b]);
      const set = await setExecution(server, condition, [targets.a]);
      const { status, body } = await remove(condition);
      assert.equal(status, 200, JSON.stringify(body));
      assert.deepEqual(Object.keys(body), ["details"]);
      assert.equal(body.details.sequence, String(Number(set.sequence) + 1));
      assert.equal(body.details.resourceOwner, set.resourceOwner);
      assert.equal(await listedExecution(server, condition), undefined);
      assert.deepEqual((await listedExecution(server, other))?.details, stays);
    });
  }

  it("takes the spelling of a group with dot and star for the same group", async () => {
    await setExecution(server, { event: { group: "user" } }, [targets.a]);
    assert.equal((await remove({ event: { group: "user.*" } })).status, 200);
    assert.equal(await listedExecution(server, { event: { group: "user" } }), undefined);
  });

  const notFound = { status: 404, code: 5, reason: "EXECUTION_NOT_FOUND", id: "COMMAND-suq2upd3rt" };
  const missing: readonly { name: string; condition: unknown; says: RegExp }[] = [
    {
      name: "a condition that nobody set",
      condition: { request: { method: methodName("GetTargetByID") } },
      says: /no execution for "request\/zitadel\.action\.v3alpha\.ActionService\/GetTargetByID"/,
    },
    {
      name: "a method that there is none of",
      condition: { request: { method: "/a.B/C" } },
      says: /"request\/a\.B\/C"/,
    },
    { name: "a method without its slash", condition: { request: { method: "a.B/C" } }, says: /"a\.B\/C"/ },
    { name: "a service that there is none of", condition: { response: { service: "a.B" } }, says: /"response\/a\.B"/ },
    { name: "a function that there is none of", condition: { function: { name: "x" } }, says: /"function\/x"/ },
  ];
  for (const { name, condition, says } of missing) {
    it(`refuses ${name} with 404`, async () => assertRefused(await remove(condition), { ...notFound, says }));
  }

  it("refuses an execution that is deleted already with 404", async () => {
    const condition = { event: { event: "twice" } };
    await setExecution(server, condition, [targets.a]);
    const answers = await Promise.all([1, 2, 3].map(() => remove(condition)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 404, 404]);
    assertRefused(await remove(condition), { ...notFound, says: /"event\/twice"/ });
  });

  const incomplete: readonly { name: string; condition: unknown; id: string }[] = [
    { name: "a request without a scope", condition: { request: {} }, id: "COMMAND-3tkej630e6" },
    { name: "all: false", condition: { response: { all: false } }, id: "COMMAND-3tkej630e6" },
    { name: "an event without a name", condition: { event: {} }, id: "COMMAND-w5smb6v7qu" },
  ];
  for (const { name, condition, id } of incomplete) {
    it(`refuses ${name} with 400`, async () => {
      const says = /is incomplete/;
      assertRefused(await remove(condition), { status: 400, code: 3, reason: "CONDITION_INVALID", id, says });
    });
  }

  it("refuses a condition that is missing, or that has no kind, with 400", async () => {
    assertInvalid(await server.request("DELETE", PATH, {}), [["condition", "[required]", "given: nothing"]]);
    assertInvalid(await server.request("DELETE", PATH), [["condition", "[required]", "given: nothing"]]);
    assertInvalid(await remove({}), [["condition.condition_type", "[required]"]]);
  });

  it("calls what it named no more, and the broader one again", async (t) => {
    const broad = { request: { service: "zitadel.action.v3alpha.ActionService" } };
    const narrow = { request: { method: methodName("ListExecutionFunctions") } };
    t.after(() => remove(broad));
    await setExecution(server, broad, [targets.a]);
    await setExecution(server, narrow, [targets.b]);
    assert.deepEqual(await called(), ["b"]);
    await server.request("DELETE", PATH, { condition: narrow }, { headers: { "interpose-bypass": "true" } });
    assert.deepEqual(await called(), ["a"]);
  });

  it("leaves executions that include it as they are: the include stands for nothing until it is set again", async (t) => {
    const included = { event: { group: "included" } };
    const condition = { response: { method: methodName("ListExecutionFunctions") } };
    t.after(() => remove(condition));
    const list = [{ target: targets.a }, { include: included }, { target: targets.b }];
    await setExecution(server, included, [targets.c]);
    const details = await setExecution(server, condition, [targets.a, { include: included }, targets.b]);
    assert.deepEqual(await called(), ["a", "c", "b"]);

    assert.equal((await remove(included)).status, 200);
    assert.deepEqual(await called(), ["a", "b"]);
    assert.deepEqual(await listedExecution(server, condition), { Condition: condition, details, targets: list });

    const anew = await server.request("PUT", PATH, { condition: { event: { all: true } }, targets: [list[1]] });
    const says = /targets\[0\]: there is no execution "event\/included\.\*" to include/;
    assertRefused(anew, { status: 404, code: 5, reason: "INCLUDE_NOT_FOUND", id: "COMMAND-slgj0l4cdz", says });

    await setExecution(server, included, [targets.b, targets.c]);
    assert.deepEqual(await called(), ["a", "b", "c", "b"]);
    const again = await setExecution(server, { event: { all: true } }, [{ include: included }]);
    t.after(() => remove({ event: { all: true } }));
    assert.ok(Number(again.sequence) >= 1);
  });

  it("answers over gRPC with the same code and id", async () => {
    const client = actionClient(server, "gRPC over HTTP/2");
    const condition = {
      conditionType: { case: "event", value: { condition: { case: "group", value: "grpc" } } },
    } as const;
    await client.setExecution({ condition, targets: [{ type: { case: "target", value: targets.a } }] });
    const { details } = await client.deleteExecution({ condition });
    assert.equal(details?.sequence, 2n);
    const again = await refusal(client.deleteExecution({ condition }));
    assert.equal(again.code, Code.NotFound);
    assert.equal(again.findDetails(ErrorDetailSchema)[0]?.id, "COMMAND-suq2upd3rt");
  });

  /** Calls ListExecutionFunctions and answers which targets were called for it, by their paths. */
  async function called(): Promise<string[]> {
    hook.calls.length = 0;
    const { status, body } = await server.request("GET", "/v3alpha/executions/functions");
    assert.equal(status, 200, JSON.stringify(body));
    return hook.calls.map(({ path }) => path.slice(1));
  }
});
