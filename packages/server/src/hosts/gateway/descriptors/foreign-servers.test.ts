import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createRoutes } from "@interpose/protocol";
import { buildGrpcGo, startGrpcGo, startGrpcJs } from "../../../../test/descriptors/servers.ts";
import { startServer, temporaryDirectory } from "../../../../test/harness/server.ts";
import { loadDescriptors, type Descriptors } from "./index.ts";

const ask = (url: string): Promise<Descriptors> => loadDescriptors({ kind: "reflection", url });

const namesOf = ({ services }: Descriptors): readonly string[] => services.map(({ typeName }) => typeName);

describe("the reflection of servers that others wrote", () => {
  it("is read from grpc-js", async (t) => {
    const { url } = await startGrpcJs(t, ["acme/cart/v1/cart.proto"]);
    const descriptors = await ask(url);
    assert.deepEqual(descriptors.problems, []);
    assert.deepEqual(namesOf(descriptors), ["acme.cart.v1.Cart"]);
    assert.deepEqual(
      descriptors.services[0]?.methods.map(({ name, methodKind }) => [name, methodKind]),
      [
        ["GetItem", "unary"],
        ["Watch", "bidi_streaming"],
        ["Clear", "unary"],
      ],
    );
    // Its descriptors have no names in JSON, and lost what proto3 says about presence and the custom options on the way.
    const fields = descriptors.registry.getMessage("acme.cart.v1.Item")?.fields.map(({ jsonName }) => jsonName);
    assert.deepEqual(fields, ["itemName", "partsByName", "person", "company", "stock"]);
  });

  it("is read from grpc-go, which has several services in one file", async (t) => {
    const built = buildGrpcGo(await temporaryDirectory(t));
    if (typeof built === "string") {
      t.skip(built);
      return;
    }
    const { url } = await startGrpcGo(t, built.path);
    const descriptors = await ask(url);
    assert.deepEqual(descriptors.problems, []);
    // Its file has more services than it serves.
    assert.deepEqual(namesOf(descriptors), [
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
      "grpc.testing.TestService",
    ]);
    assert.ok(descriptors.registry.getService("grpc.testing.UnimplementedService"));
    assert.deepEqual(
      descriptors.registry.getService("grpc.testing.TestService")?.method.fullDuplexCall?.methodKind,
      "bidi_streaming",
    );
  });

  it("is read from Interpose itself, with the options that REST is made of", async (t) => {
    const { url } = await startServer(t);
    const descriptors = await ask(url);
    assert.deepEqual(descriptors.problems, []);
    const actions = descriptors.services.find(({ typeName }) => typeName === "zitadel.action.v3alpha.ActionService");
    assert.ok(actions);
    assert.ok(createRoutes([actions]).all.some(({ verb, method }) => verb === "PUT" && method.name === "SetExecution"));
  });
});
