import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { before, describe, it } from "node:test";
import { create, createFileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { compileSnapshot } from "@interpose/engine";
import { Validator } from "@seriousme/openapi-schema-validator";
import { cleanUp, forSuite } from "../../../../test/harness/cleanup.ts";
import { snapshotOf } from "../../../../test/harness/snapshot.ts";
import { SHOP_PROTOS } from "../../../../test/harness/shop.ts";
import { createDescriptors } from "../descriptors/descriptors.ts";
import { loadDescriptors, NO_DESCRIPTORS, type Descriptors } from "../descriptors/index.ts";
import { startGateway } from "../index.ts";

const PROTOS = fileURLToPath(new URL("../../../../../protocol/test/proto", import.meta.url));
const FLOWS = "things.v1.Flows";

describe("/openapi.json of a gateway", () => {
  let descriptors = NO_DESCRIPTORS;
  let snapshot = compileSnapshot({ revision: 1n, targets: new Map(), executions: new Map() });
  const urls = { on: "", off: "" };
  const suite = forSuite();
  before(async () => {
    const upstream = createServer((_request, response) => response.end("the API's own")).listen(0, "127.0.0.1");
    await once(upstream, "listening");
    cleanUp(suite, () => void upstream.close());
    for (const openApi of [true, false]) {
      const gateway = await startGateway({
        listen: { host: "127.0.0.1", port: 0 },
        upstream: { url: new URL(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`) },
        descriptors: () => descriptors,
        snapshot: () => snapshot,
        instanceId: "1",
        openApi,
        speaks: new Set(["grpc"]),
        maxMessageBytes: 1_000,
        onFault: (error) => {
          throw error;
        },
        run: () => Promise.reject(new Error("nothing is hooked")),
      });
      cleanUp(suite, () => gateway.drain(0));
      urls[openApi ? "on" : "off"] = `http://127.0.0.1:${gateway.address.port}`;
    }
  });
  const documentOf = async (now: Descriptors): Promise<any> => {
    descriptors = now;
    const answer = await fetch(`${urls.on}/openapi.json?x=1`);
    assert.deepEqual([answer.status, answer.headers.get("content-type")], [200, "application/json"]);
    return answer.json();
  };

  it("is the API's own where it was not asked for", async () => {
    assert.equal(await (await fetch(`${urls.off}/openapi.json`)).text(), "the API's own");
  });

  it("is there for GET and HEAD, and not sent again where it is known", async () => {
    descriptors = await loadDescriptors({ kind: "path", path: PROTOS });
    const head = await fetch(`${urls.on}/openapi.json`, { method: "HEAD" });
    assert.ok(Number(head.headers.get("content-length")) > 1_000);
    assert.equal(await head.text(), "");
    const known = await fetch(`${urls.on}/openapi.json`, {
      headers: { "if-none-match": head.headers.get("etag") ?? "" },
    });
    assert.deepEqual([known.status, await known.text()], [304, ""]);
    assert.equal(await (await fetch(`${urls.on}/openapi.json`, { method: "POST" })).text(), "the API's own");
  });

  it("is there before any execution", async () => {
    const before = snapshot;
    snapshot = snapshotOf({ request: { endpoint: "http://127.0.0.1:1" } });
    assert.deepEqual((await documentOf(NO_DESCRIPTORS)).paths, {});
    snapshot = before;
  });

  it("is valid, and follows the descriptors", async () => {
    for (const path of [PROTOS, SHOP_PROTOS]) {
      const document = await documentOf(await loadDescriptors({ kind: "path", path }));
      const { valid, errors } = await new Validator().validate(document);
      assert.ok(valid, JSON.stringify(errors));
    }
    const shop = await documentOf(await loadDescriptors({ kind: "path", path: SHOP_PROTOS }));
    assert.deepEqual(Object.keys(shop.paths), ["/v1/orders", "/v1/orders:watch", "/shop.v1.Shop/Peek"]);
    assert.deepEqual(shop.paths["/v1/orders"].post.requestBody.content, {
      "application/json": { schema: { $ref: "#/components/schemas/shop.v1.OrderRequest" } },
    });
    assert.deepEqual(shop.paths["/shop.v1.Shop/Peek"].post.responses.default, {
      $ref: "#/components/responses/connectError",
    });
  });

  it("tells streams, bytes and patterns apart", async () => {
    const { paths } = await documentOf(await loadDescriptors({ kind: "path", path: PROTOS }));
    const thing = { $ref: "#/components/schemas/things.v1.Thing" };
    assert.deepEqual(paths["/v1/stream"].get.responses["200"].content, {
      "application/json": { schema: { type: "array", items: thing } },
      "application/x-ndjson": { schema: thing },
    });
    assert.deepEqual(paths["/v1/uploads"].post.requestBody.content, { "*/*": {} });
    assert.deepEqual(
      paths["/v1/shelves/{name_1}/things/{name_2}"].get.parameters
        .slice(0, 2)
        .map((each: any) => [each.name, each.description]),
      [
        ["name_1", "Part of `name`, which is `shelves/{name_1}/things/{name_2}`."],
        ["name_2", "Part of `name`, which is `shelves/{name_1}/things/{name_2}`."],
      ],
    );
    const query = paths["/v1/all"].get.parameters.map(({ name }: any) => name);
    for (const name of ["text", "inner.label", "inner.deeper.count", "texts", "time", "maybe"])
      assert.ok(query.includes(name), name);
    for (const name of ["inner", "inners", "counts", "anything", "byNumber"]) assert.ok(!query.includes(name), name);
    assert.equal(paths["/v1/collect"], undefined, "clients send a stream to it");
    assert.equal(paths["/v1/things"], undefined, "OpenAPI does not know its verb");
  });

  it("has the comments of descriptors that have them", async () => {
    const { registry, services } = await loadDescriptors({ kind: "path", path: PROTOS });
    const files = Array.from(registry.files, ({ proto }) => proto);
    const file = files.find(({ name }) => name === "things/v1/things.proto") ?? assert.fail();
    const path = [6, file.service.findIndex(({ name }) => FLOWS.endsWith(name)), 2, 0];
    const commented = {
      ...file,
      sourceCodeInfo: {
        $typeName: "google.protobuf.SourceCodeInfo" as const,
        location: [
          {
            $typeName: "google.protobuf.SourceCodeInfo.Location" as const,
            path,
            span: [],
            leadingComments: " Takes bytes.\n Any.\n",
            trailingComments: "",
            leadingDetachedComments: [],
          },
        ],
      },
    };
    const all = files.map((each) => (each === file ? commented : each));
    const names = new Set(services.map(({ typeName }) => typeName));
    const described = createDescriptors(
      { registry: createFileRegistry(create(FileDescriptorSetSchema, { file: all })), files: all, problems: [] },
      (name) => names.has(name),
    );
    const { paths } = await documentOf(described);
    assert.equal(paths["/v1/uploads"].post.summary, "Takes bytes.");
  });
});
