import assert from "node:assert/strict";
import { before, beforeEach, describe, it } from "node:test";
import { Code } from "@connectrpc/connect";
import { ErrorDetailSchema } from "@interpose/protocol/gen/zitadel/v1/error_detail_pb";
import { createTarget, methodName, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { actionClient, refusal } from "./harness/clients.ts";
import { assertRefused } from "./harness/refusals.ts";
import { listedExecution, search } from "./harness/searches.ts";
import { startServer, type JsonAnswer, type TestServer } from "./harness/server.ts";
import { startTarget, type TestTarget } from "./harness/target.ts";

const NOT_FOUND = { status: 404, code: 5, reason: "TARGET_NOT_FOUND", id: "COMMAND-k4s7ucu0ax" };
const SERVICE = "zitadel.action.v3alpha.ActionService";

describe("DELETE /v3alpha/targets/{target_id}", () => {
  let server: TestServer;
  let hook: TestTarget;
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite);
    hook = await startTarget(suite);
  });
  beforeEach(() => void (hook.calls.length = 0));

  const remove = (id: string): Promise<JsonAnswer> =>
    server.request("DELETE", `/v3alpha/targets/${id}`, undefined, { headers: { "interpose-bypass": "true" } });
  /** Creates targets whose endpoints are the hook's, each with its own path. */
  const createTargets = (...paths: string[]): Promise<string[]> =>
    Promise.all(paths.map((path) => createTarget(server, { endpoint: `${hook.url}${path}` })));
  /** Calls a method and answers which targets were called for it, by their paths. */
  const calledBy = async (rest: string): Promise<string[]> => {
    hook.calls.length = 0;
    const { status, body } = await server.request("GET", rest);
    assert.equal(status, 200, JSON.stringify(body));
    return hook.calls.map(({ path }) => path.slice(1));
  };

  it("answers 200 with the details of the last event, and the target is gone", async () => {
    const id = await createTarget(server, { name: "gone soon", endpoint: hook.url, payloadType: "json" });
    const { status, body } = await remove(id);
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(body), ["details"]);
    assert.equal(body.details.sequence, "2");
    const read = await server.request("GET", `/v3alpha/targets/${id}`);
    assert.equal(read.status, 404);
    const { result } = await search(server, "targets", { queries: [{ inTargetIdsQuery: { targetIds: [id] } }] });
    assert.equal(result, undefined);
  });

  it("refuses an unknown id with 404", async () => {
    assertRefused(await remove("404"), { ...NOT_FOUND, says: /no target "404" to delete/ });
  });

  it("refuses a target that is deleted already with 404", async () => {
    const id = await createTarget(server, { endpoint: hook.url });
    await remove(id);
    assertRefused(await remove(id), { ...NOT_FOUND, says: new RegExp(`no target "${id}" to delete`) });
  });

  it("refuses an id of 201 characters with 400", async () => {
    const answer = await remove("1".repeat(201));
    assertRefused(answer, { status: 400, code: 3, reason: "VALIDATION_FAILED", says: /target_id.*200/ });
  });

  it("deletes a target once when many ask for it at once", async () => {
    const id = await createTarget(server, { endpoint: hook.url });
    const answers = await Promise.all(Array.from({ length: 5 }, () => remove(id)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 404, 404, 404, 404]);
  });

  it("sets the name free, for a new target with a history of its own", async () => {
    const first = await createTarget(server, { name: "Name to have", endpoint: hook.url });
    await remove(first);
    const second = await createTarget(server, { name: "name TO HAVE", endpoint: hook.url, payloadType: "json" });
    assert.notEqual(second, first);
    const { body } = await server.request("GET", `/v3alpha/targets/${second}`);
    assert.equal(body.target.details.sequence, "1");
  });

  it("answers over gRPC with the same code and id", async () => {
    const client = actionClient(server, "gRPC over HTTP/2");
    const id = await createTarget(server, { endpoint: hook.url, payloadType: "json" });
    const { details } = await client.deleteTarget({ targetId: id });
    assert.equal(details?.sequence, 2n);
    const again = await refusal(client.deleteTarget({ targetId: id }));
    assert.equal(again.code, Code.NotFound);
    assert.equal(again.findDetails(ErrorDetailSchema)[0]?.id, "COMMAND-k4s7ucu0ax");
    const empty = await refusal(client.deleteTarget({ targetId: "" }));
    assert.equal(empty.code, Code.InvalidArgument);
  });

  const places: readonly { place: string; at: number; left: readonly string[] }[] = [
    { place: "first", at: 0, left: ["b", "x", "c"] },
    { place: "middle", at: 1, left: ["a", "x", "c"] },
    { place: "last", at: 2, left: ["a", "b", "x"] },
  ];
  for (const { place, at, left } of places) {
    it(`takes the ${place} entry out of a list, which closes up`, async (t) => {
      const [included = ""] = await createTargets("x");
      const include = { function: { name: "preuserinfo" } };
      await setExecution(server, include, [included]);
      const [a = "", b = "", c = ""] = await createTargets("a", "b", "c");
      t.after(() => Promise.all([a, b, c, included].map(remove)));
      const condition = { request: { method: methodName("ListExecutionFunctions") } };
      const details = await setExecution(server, condition, [a, b, { include }, c]);
      assert.deepEqual(await calledBy("/v3alpha/executions/functions"), ["a", "b", "x", "c"]);

      await remove([a, b, c][at] ?? "");
      assert.deepEqual(await calledBy("/v3alpha/executions/functions"), left);
      const entries: Readonly<Record<string, unknown>> = {
        a: { target: a },
        b: { target: b },
        c: { target: c },
        x: { include },
      };
      const listed = await listedExecution(server, condition);
      assert.deepEqual(
        listed?.targets,
        left.map((name) => entries[name]),
      );
      assert.deepEqual(listed.details, details, "the execution had no event of its own");

      const again = await setExecution(server, condition, [c, a, b].filter((id) => id !== [a, b, c][at]).reverse());
      assert.equal(again.sequence, String(Number(details.sequence) + 1));
    });
  }

  it("takes its entries out of every execution that names it", async (t) => {
    const [shared = "", kept = ""] = await createTargets("shared", "kept");
    t.after(() => remove(kept));
    const conditions = ["one", "two", "three"].map((name) => ({ event: { event: `delete.target.${name}` } }));
    for (const condition of conditions) await setExecution(server, condition, [shared, kept]);
    await remove(shared);
    for (const condition of conditions) {
      assert.deepEqual((await listedExecution(server, condition))?.targets, [{ target: kept }]);
    }
    const { details } = await search(server, "executions", { queries: [{ targetQuery: { targetId: shared } }] });
    assert.equal(details.totalResult, undefined);
  });

  it("removes an execution whose last target goes, by an event of its own, and a broader one applies again", async (t) => {
    const [all = "", service = "", method = ""] = await createTargets("all", "service", "method");
    t.after(() => remove(all));
    const conditions = {
      all: { request: { all: true } },
      service: { request: { service: SERVICE } },
      method: { request: { method: methodName("ListExecutionServices") } },
    };
    await setExecution(server, conditions.all, [all]);
    await setExecution(server, conditions.service, [service]);
    const { sequence } = await setExecution(server, conditions.method, [method]);
    assert.deepEqual(await calledBy("/v3alpha/executions/services"), ["method"]);

    await remove(method);
    assert.equal(await listedExecution(server, conditions.method), undefined);
    assert.deepEqual(await calledBy("/v3alpha/executions/services"), ["service"]);
    const missing = await server.request(
      "DELETE",
      "/v3alpha/executions",
      { condition: conditions.method },
      { headers: { "interpose-bypass": "true" } },
    );
    assert.equal(missing.body.details[0].id, "COMMAND-suq2upd3rt");

    const anew = await setExecution(server, conditions.method, [service]);
    assert.equal(anew.sequence, String(Number(sequence) + 2), "the removal had an event of its own");
    await remove(service);
    assert.equal(await listedExecution(server, conditions.service), undefined);
    assert.equal(await listedExecution(server, conditions.method), undefined);
    assert.deepEqual(await calledBy("/v3alpha/executions/services"), ["all"]);
  });

  it("keeps an execution with nothing but an include of what is gone, and the broader one applies meanwhile", async (t) => {
    const [broad = "", inner = ""] = await createTargets("broad", "inner");
    t.after(() => remove(broad));
    const include = { event: { event: "delete.target.included" } };
    const condition = { request: { method: methodName("ListExecutionMethods") } };
    t.after(() => server.request("DELETE", "/v3alpha/executions", { condition }));
    await setExecution(server, { request: { service: SERVICE } }, [broad]);
    await setExecution(server, include, [inner]);
    await setExecution(server, condition, [{ include }]);
    assert.deepEqual(await calledBy("/v3alpha/executions/methods"), ["inner"]);
    await remove(inner);
    assert.equal(await listedExecution(server, include), undefined);
    assert.deepEqual((await listedExecution(server, condition))?.targets, [{ include }]);
    assert.deepEqual(await calledBy("/v3alpha/executions/methods"), ["broad"]);
  });
});
