// Executions on one version of an API, while another one is called: a gateway knows two versions of the shop, of which the first one is called.
import assert from "node:assert/strict";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, beforeEach, describe, it } from "node:test";
import { createTarget, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { WAYS } from "./harness/command-line.ts";
import { gatewayAddress } from "./harness/gateway-address.ts";
import { assertRefused } from "./harness/refusals.ts";
import { startServer, temporaryDirectory, type JsonAnswer, type TestServer } from "./harness/server.ts";
import { order, SHOP_PROTOS, shopClient, startShop, type Shop } from "./harness/shop.ts";
import { startTarget, type TestTarget } from "./harness/target.ts";

const CALLED = "/shop.v1.Shop/Order";
const OTHER = "/shop.v2beta1.Shop/Order";

describe("an execution on another version of what is called", () => {
  const suite = forSuite();
  let shop: Shop;
  let server: TestServer;
  let hook: TestTarget;
  let client: ReturnType<typeof shopClient>;
  before(async () => {
    const protos = await temporaryDirectory(suite);
    await cp(SHOP_PROTOS, protos, { recursive: true });
    const v1 = await readFile(join(protos, "shop/v1/shop.proto"), "utf8");
    await mkdir(join(protos, "shop/v2beta1"));
    await writeFile(
      join(protos, "shop/v2beta1/shop.proto"),
      v1.replaceAll("shop.v1", "shop.v2beta1").replaceAll("/v1/", "/v2beta1/"),
    );
    shop = await startShop(suite);
    hook = await startTarget(suite);
    server = await startServer(suite, {
      env: {
        INTERPOSE_GATEWAY_LISTEN: "127.0.0.1:0",
        INTERPOSE_GATEWAY_UPSTREAM: `http://${shop.address}`,
        INTERPOSE_GATEWAY_DESCRIPTORS: protos,
      },
    });
    client = shopClient(suite, gatewayAddress(server));
  });
  beforeEach(async () => {
    hook.calls.length = 0;
    hook.reply({});
    const { body } = await server.request("POST", "/v3alpha/executions/search", {});
    for (const { Condition: condition } of body.result ?? [])
      await server.request("DELETE", "/v3alpha/executions", { condition });
  });

  const target = (path = ""): Promise<string> =>
    createTarget(server, { endpoint: `${hook.url}${path}`, type: "restCall" });
  const onRequest = (method: string) => ({ request: { method } });
  const options = (execution: string): Promise<JsonAnswer> =>
    server.request("GET", `/v1/executionOptions/${execution}`);
  const match = async (execution: string, how: string): Promise<any> => {
    const answer = await server.request("PATCH", `/v1/executionOptions/${execution}`, { match: `MATCH_${how}` });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body.options;
  };
  const TEA = { item: "tea", count: 1 };
  const pathsAt = async (): Promise<readonly string[]> => {
    hook.calls.length = 0;
    assert.equal((await order(client, TEA)).text, "1 tea");
    return hook.calls.map(({ path }) => path);
  };

  it("does not run, and says which versions pass it by, until it is for equivalents", async () => {
    await setExecution(server, onRequest(OTHER), [await target()]);
    assert.deepEqual(await pathsAt(), []);
    const execution = `request${OTHER}`;
    assert.deepEqual((await options(execution)).body, { options: { runOnErrors: false }, otherVersions: [CALLED] });
    assert.deepEqual(await match(execution, "EQUIVALENT"), { runOnErrors: false, match: "MATCH_EQUIVALENT" });
    assert.deepEqual(await pathsAt(), ["/"]);
    assert.deepEqual((await options(execution)).body, { options: { runOnErrors: false, match: "MATCH_EQUIVALENT" } });
    assert.deepEqual(await match(execution, "EXACT"), { runOnErrors: false });
    assert.deepEqual(await pathsAt(), []);
  });

  it("tells its target which method is called, and its reply changes the message of that", async () => {
    await setExecution(server, onRequest(OTHER), [await target()]);
    await match(`request${OTHER}`, "EQUIVALENT");
    hook.reply({ body: { count: 7 } });
    assert.equal((await order(client, TEA)).text, "7 tea");
    assert.equal(hook.calls[0]?.body.fullMethod, CALLED);
    assert.deepEqual(hook.calls[0].body.request, TEA);
  });

  it("comes behind one that names what is called, and before one on the service", async () => {
    await setExecution(server, onRequest(OTHER), [await target("other")]);
    await match(`request${OTHER}`, "EQUIVALENT");
    await setExecution(server, { request: { service: "shop.v1.Shop" } }, [await target("service")]);
    assert.deepEqual(await pathsAt(), ["/other"]);
    await setExecution(server, onRequest(CALLED), [await target("exact")]);
    assert.deepEqual(await pathsAt(), ["/exact"]);
  });

  it("is for a service too, from the moment that it is set so to the end of the execution", async () => {
    const id = await target("service");
    const condition = { request: { service: "shop.v2beta1.Shop" } };
    await setExecution(server, condition, [id]);
    assert.deepEqual((await options("request/shop.v2beta1.Shop")).body.otherVersions, ["shop.v1.Shop"]);
    await match("request/shop.v2beta1.Shop", "EQUIVALENT");
    await setExecution(server, condition, [await target("again")]);
    assert.deepEqual(await pathsAt(), ["/again"], "the option stays when the list changes");
    await server.request("DELETE", "/v3alpha/executions", { condition });
    assert.deepEqual(await pathsAt(), []);
  });

  it("is warned of where it is set by the command line, which closes it too", async () => {
    const cli = WAYS["by its API"](server);
    const execution = `request${OTHER}`;
    const id = await target();
    assert.deepEqual(await cli.lines("executions", "set", execution, "--target", id), [
      `Set ${execution}: 1 in the list.`,
      `It does not run for other versions: ${CALLED}.`,
      `To close that: interpose executions options ${execution} --match equivalent`,
    ]);
    const set = await cli.json("executions", "set", execution, "--target", id);
    assert.deepEqual(set.otherVersions, [CALLED]);
    const closed = { condition: execution, runOnErrors: false, hiddenFields: [], match: "equivalent" };
    assert.deepEqual(await cli.json("executions", "options", execution, "--match", "equivalent"), closed);
    assert.deepEqual(await cli.lines("executions", "options", execution), [
      `${execution} is for other versions of it too, runs for no errors of the API, and hides no fields of its own.`,
    ]);
    assert.deepEqual(await cli.lines("executions", "set", execution, "--target", id), [
      `Set ${execution}: 1 in the list.`,
    ]);
    await cli.json("executions", "options", execution, "--match", "exact");
    assert.equal((await options(execution)).body.options.match, undefined);
  });

  it("sets an execution all the same where its token may not read them", async () => {
    const { body } = await server.request("POST", "/v1/tokens", { name: "writes", permissions: ["execution.write"] });
    const cli = WAYS["by its API"](server);
    const id = await target();
    const lines = await cli.lines("executions", "set", `request${OTHER}`, "--target", id, "--token", body.token);
    assert.deepEqual(lines, [`Set request${OTHER}: 1 in the list.`]);
  });

  it("cannot be of everything, of events, or of what has no version", async () => {
    await setExecution(server, { request: { all: true } }, [await target()]);
    await setExecution(server, { event: { event: "user.added" } }, [await target()]);
    for (const execution of ["request", "event/user.added"]) {
      const answer = await server.request("PATCH", `/v1/executionOptions/${execution}`, { match: "MATCH_EQUIVALENT" });
      assertRefused(answer, { status: 400, code: 3, reason: "OPTIONS_INVALID", says: /options\.match is for/ });
    }
  });
});
