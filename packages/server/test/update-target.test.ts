import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { Code } from "@connectrpc/connect";
import { ErrorDetailSchema } from "@interpose/protocol/gen/zitadel/v1/error_detail_pb";
import { createTarget } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { actionClient, refusal } from "./harness/clients.ts";
import { assertInvalid, assertRefused, type ExpectedViolation } from "./harness/refusals.ts";
import { search } from "./harness/searches.ts";
import { startServer, type JsonAnswer, type TestServer } from "./harness/server.ts";

const PATH = "/v3alpha/targets";

describe("PUT /v3alpha/targets/{target_id}", () => {
  let server: TestServer;
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite);
  });

  let count = 0;
  /** Creates a target that interrupts, with a name of its own unless one is given. */
  const create = (name = `to change ${++count}`): Promise<JsonAnswer> =>
    server.request("POST", PATH, {
      name,
      endpoint: "https://example.com/hook",
      timeout: "10s",
      restWebhook: { interruptOnError: true },
    });
  const update = (id: string, body: unknown): Promise<JsonAnswer> => server.request("PUT", `${PATH}/${id}`, body);
  const get = async (id: string): Promise<any> => {
    const answer = await server.request("GET", `${PATH}/${id}`);
    assert.equal(answer.status, 200);
    return answer.body.target;
  };

  const changes: readonly { name: string; change: Record<string, unknown>; removes?: string }[] = [
    { name: "the name", change: { name: "renamed" } },
    { name: "the case of the name's letters", change: { name: "RENAMED" } },
    { name: "the endpoint", change: { endpoint: "http://example.org/" } },
    { name: "the timeout", change: { timeout: "0.250s" } },
    { name: "interruptOnError", change: { restWebhook: {} } },
    { name: "the type", change: { restCall: { interruptOnError: true } }, removes: "restWebhook" },
    { name: "the type, which brings its own interruptOnError", change: { restCall: {} }, removes: "restWebhook" },
    { name: "the type to one that never interrupts", change: { restAsync: {} }, removes: "restWebhook" },
  ];
  for (const { name, change, removes } of changes) {
    it(`changes ${name} and nothing else`, async (t) => {
      const { id, details: first } = (await create()).body;
      t.after(() => server.request("DELETE", `${PATH}/${id}`));
      const before = await get(id);
      const { status, body } = await update(id, change);
      assert.equal(status, 200);
      assert.deepEqual(Object.keys(body), ["details"]);
      assert.equal(body.details.sequence, "2");
      assert.equal(body.details.resourceOwner, first.resourceOwner);
      const expected = { ...before, ...change, details: body.details };
      if (removes !== undefined) Reflect.deleteProperty(expected, removes);
      assert.deepEqual(await get(id), expected);
    });
  }

  const ineffective: readonly { name: string; body: unknown }[] = [
    { name: "nothing", body: {} },
    { name: "null for a field", body: { name: null, timeout: null } },
    { name: "a field that nobody knows", body: { colour: "red" } },
    { name: "the same type", body: { restWebhook: { interruptOnError: true } } },
    { name: "the same endpoint and timeout", body: { endpoint: "https://example.com/hook", timeout: "10.000s" } },
  ];
  for (const { name, body } of ineffective) {
    it(`answers the old details for ${name}, and adds no event`, async () => {
      const { id, details } = (await create()).body;
      const { details: before } = await search(server, "targets");
      const answer = await update(id, body);
      assert.deepEqual([answer.status, answer.body], [200, { details }]);
      assert.deepEqual((await search(server, "targets")).details, before);
    });
  }

  const unknown = { status: 404, code: 5, reason: "TARGET_NOT_FOUND", id: "COMMAND-xj14f2cccn" };
  for (const body of [{ name: "no matter" }, {}]) {
    it(`refuses an unknown id with 404 for ${JSON.stringify(body)}`, async () => {
      assertRefused(await update("404", body), { ...unknown, says: /no target "404" to update/ });
    });
  }

  it("goes by the id in the path, not by one in the body", async () => {
    const { id } = (await create()).body;
    const other = await createTarget(server, { endpoint: "https://example.com" });
    await update(id, { targetId: other, timeout: "7s" });
    assert.deepEqual([(await get(id)).timeout, (await get(other)).timeout], ["7s", "5s"]);
  });

  const invalid: readonly { name: string; body: unknown; violations: readonly ExpectedViolation[] }[] = [
    { name: "an empty name", body: { name: "" }, violations: [["name", "[string.min_len]", 'given: ""']] },
    { name: "a name of 201", body: { name: "é".repeat(201) }, violations: [["name", "[string.max_len]", "(201 "]] },
    { name: "a timeout of nothing", body: { timeout: "0s" }, violations: [["timeout", "[duration.gt]", '"0s"']] },
    { name: "an empty endpoint", body: { endpoint: "" }, violations: [["endpoint", "[string.uri_empty]", '""']] },
    { name: "a relative endpoint", body: { endpoint: "x" }, violations: [["endpoint", "[string.uri]", '"x"']] },
  ];
  for (const { name, body, violations } of invalid) {
    it(`refuses ${name} with 400, and changes nothing`, async () => {
      const { id, details } = (await create()).body;
      assertInvalid(await update(id, body), violations);
      assert.deepEqual((await get(id)).details, details);
    });
  }

  it("refuses a name that another target has in another case of letters, and lets go of the old name", async () => {
    const { id: holder } = (await create("Held")).body;
    const { id } = (await create("Given up")).body;
    const taken = { status: 409, code: 6, reason: "TARGET_EXISTS", id: "V3-DKcYh" };
    assertRefused(await update(id, { name: "hELD" }), { ...taken, says: new RegExp(`taken by target "${holder}"`) });
    assert.equal((await update(id, { name: "Moved on" })).status, 200);
    assert.equal((await create("given up")).status, 201);
  });

  it("tells an absent field from an empty one over gRPC", async () => {
    const client = actionClient(server, "gRPC over HTTP/2");
    const { id, details } = (await create()).body;
    const same = await client.updateTarget({ targetId: id });
    assert.equal(same.details?.sequence, BigInt(details.sequence));
    const empty = await refusal(client.updateTarget({ targetId: id, name: "" }));
    assert.equal(empty.code, Code.InvalidArgument);
    const typed = { targetId: id, targetType: { case: "restAsync", value: {} } } as const;
    assert.equal((await client.updateTarget(typed)).details?.sequence, 2n);
    assert.equal((await client.getTargetByID({ targetId: id })).target?.targetType.case, "restAsync");
    const missing = await refusal(client.updateTarget({ targetId: "404" }));
    assert.equal(missing.code, Code.NotFound);
    assert.equal(missing.findDetails(ErrorDetailSchema)[0]?.id, "COMMAND-xj14f2cccn");
  });
});
