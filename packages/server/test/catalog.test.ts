import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createTarget, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { startServer, type TestServer } from "./harness/server.ts";
import { SHOP_PROTOS, startShop } from "./harness/shop.ts";

const ORDER = "/shop.v1.Shop/Order";

describe("CatalogService", () => {
  const suite = forSuite();
  let server: TestServer;
  before(async () => {
    const shop = await startShop(suite);
    server = await startServer(suite, {
      env: {
        INTERPOSE_GATEWAY_LISTEN: "127.0.0.1:0",
        INTERPOSE_GATEWAY_UPSTREAM: `http://${shop.address}`,
        INTERPOSE_GATEWAY_DESCRIPTORS: SHOP_PROTOS,
      },
    });
  });
  const list = async (query = ""): Promise<any> => {
    const { status, body } = await server.request("GET", `/v1/catalog?query=${encodeURIComponent(query)}`);
    assert.equal(status, 200, JSON.stringify(body));
    return body.services ?? [];
  };

  it("has the methods that executions can name, with the comments of their files", async () => {
    const services = await list();
    const { body } = await server.request("GET", "/v3alpha/executions/methods");
    assert.deepEqual(services.flatMap(({ methods }: any) => methods.map(({ name }: any) => name)).sort(), body.methods);
    assert.deepEqual(
      services.map(({ name }: any) => name),
      services.map(({ name }: any) => name).sort(),
    );
    const own = services.find(({ name }: any) => name === "interpose.v1.ExplainService");
    assert.deepEqual(own.hosts, ["api"]);
    assert.equal(own.comment, "Says what would be called, and why, without calling anybody.");
    assert.match(own.methods[0].comment, /^Explains one method on its request or response/);
    const shop = services.find(({ name }: any) => name === "shop.v1.Shop");
    assert.deepEqual(shop.hosts, ["gateway/gateway"]);
  });

  it("says of each method its types, its streams, and what hooks it", async () => {
    const target = await createTarget(server, { endpoint: "http://127.0.0.1:9/", type: "restAsync" });
    await setExecution(server, { request: { service: "shop.v1.Shop" } }, [target]);
    await setExecution(server, { response: { all: true } }, [target]);
    const [shop] = await list(ORDER);
    const [method] = shop.methods;
    assert.equal(method.name, ORDER);
    assert.match(method.inputType, /^shop\.v1\./);
    assert.deepEqual([method.clientStreams, method.serverStreams], [undefined, undefined]);
    assert.deepEqual([method.requestExecution, method.responseExecution], ["request/shop.v1.Shop", "response"]);
    const [health] = await list("grpc.health.v1.Health");
    assert.equal(health.methods[0].responseExecution, undefined);
    const watch = health.methods.find(({ name }: any) => name.endsWith("/Watch"));
    assert.equal(watch.serverStreams, true);
  });

  it("finds by a part of a name or a comment, in upper or lower case", async () => {
    const names = async (query: string): Promise<readonly string[]> =>
      (await list(query)).flatMap(({ methods }: any) => methods.map(({ name }: any) => name));
    assert.deepEqual(await names("explainservice/EXPLAIN"), ["/interpose.v1.ExplainService/Explain"]);
    assert.ok((await names("without calling ANYBODY")).includes("/interpose.v1.ExplainService/Explain"));
    assert.deepEqual(await names("nothing is called like this"), []);
  });
});
