import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http2";
import { connect, type AddressInfo } from "node:net";
import { before, beforeEach, describe, it } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { InterposeError } from "@interpose/engine";
import { cleanUp, forSuite, type Cleanup } from "../../../test/harness/cleanup.ts";
import { eventually } from "../../../test/harness/eventually.ts";
import { startPassingGateway } from "../../../test/harness/gateway.ts";
import { CLIENT_START, frame, headers } from "../../../test/harness/http2-bytes.ts";
import { SHOP_PROTOS, startShop, type Shop } from "../../../test/harness/shop.ts";
import { snapshotOf } from "../../../test/harness/snapshot.ts";
import { loadDescriptors, type Descriptors } from "./descriptors/index.ts";
import { enveloped } from "./protocols/framing.ts";
import type { Gateway } from "./index.ts";
import { FLAG, FRAME } from "./relay/numbers.ts";

const ORDER = "/shop.v1.Shop/Order";
const GRPC = ["content-type", "application/grpc", "te", "trailers"] as const;

/** A server that takes every call, and remembers what it was asked. */
async function startLenientApi(t: Cleanup): Promise<{ readonly port: number; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUp(t, () => void server.close());
  return { port: (server.address() as AddressInfo).port, asked };
}

/** A gateway whose executions refuse each call of the shop's Order and Peek. */
async function startRefusingGateway(
  t: Cleanup,
  port: number,
  descriptors: Descriptors,
  onRun: () => void,
): Promise<Gateway> {
  const snapshot = snapshotOf({
    [`request${ORDER}`]: { endpoint: "http://127.0.0.1:1/" },
    "request/shop.v1.Shop/Peek": { endpoint: "http://127.0.0.1:1/" },
  });
  return startPassingGateway(
    t,
    port,
    { http: "2" },
    {
      descriptors: () => descriptors,
      snapshot: () => snapshot,
      speaks: new Set(["grpc", "grpc-web", "connect", "rest"]),
      maxMessageBytes: 100_000,
      run() {
        onRun();
        return Promise.reject(new InterposeError("target_refused", "no"));
      },
    },
  );
}

/** Sends one request over HTTP/2, byte by byte as given, and waits for the end of it. */
async function send(t: Cleanup, port: number, fields: readonly string[], body: Buffer): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  cleanUp(t, () => socket.destroy());
  let received = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => (received = Buffer.concat([received, chunk])));
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write(Buffer.concat([CLIENT_START, headers(1, fields), frame(FRAME.DATA, FLAG.END_STREAM, 1, body)]));
  await eventually("the call has ended", () => isOver(received));
  socket.destroy();
}

function isOver(bytes: Buffer): boolean {
  for (let at = 0; at + 9 <= bytes.byteLength; at += 9 + bytes.readUIntBE(at, 3)) {
    const type = bytes[at + 3] ?? 0;
    const endsStream =
      (type === FRAME.HEADERS || type === FRAME.DATA) && ((bytes[at + 4] ?? 0) & FLAG.END_STREAM) !== 0;
    if (type === FRAME.RST_STREAM || type === FRAME.GOAWAY || endsStream) return true;
  }
  return false;
}

describe("calls that take a detour", () => {
  const suite = forSuite();
  let api: Awaited<ReturnType<typeof startLenientApi>>;
  let shop: Shop;
  let toApi: Gateway;
  let toShop: Gateway;
  let message: Buffer;
  let ran = 0;
  before(async () => {
    const descriptors = await loadDescriptors({ kind: "path", path: SHOP_PROTOS });
    const schema = descriptors.registry.getMessage("shop.v1.OrderRequest") ?? assert.fail();
    message = Buffer.from(toBinary(schema, create(schema, { item: "tea" } as any)));
    api = await startLenientApi(suite);
    shop = await startShop(suite);
    toApi = await startRefusingGateway(suite, api.port, descriptors, () => ran++);
    toShop = await startRefusingGateway(suite, Number(shop.address.split(":")[1]), descriptors, () => ran++);
  });
  beforeEach(() => {
    api.asked.length = 0;
    shop.seen.length = 0;
    ran = 0;
  });

  it("reach an API where nothing hooks them, so that the others show something", async (t) => {
    const fields = [":method", "POST", ":scheme", "http", ":path", "/shop.v1.Shop/Collect", ":authority", "a", ...GRPC];
    await send(t, toApi.address.port, fields, enveloped(0).frame({ isCompressed: false, bytes: message }));
    assert.equal(api.asked.length, 1);
  });

  const paths = [
    ORDER,
    `/${ORDER}`,
    `//elsewhere${ORDER}`,
    `${ORDER}/`,
    `/.${ORDER}`,
    `/grpc.health.v1.Health/..${ORDER}`,
    "/shop.v1.Shop/Watch/../Order",
    "/shop.v1.Shop/./Order",
    "/shop.v1.Shop//Order",
    "/shop.v1.Shop%2FOrder",
    "/shop%2Ev1.Shop/Order",
    "/shop.v1.shop/order",
    "/SHOP.V1.SHOP/ORDER",
    "/shop.v1.Shop/Order;x=1",
    "/shop.v1.Shop;x=1/Order",
    "/shop.v1.Shop\\Order",
    `${ORDER}?x=1`,
    `${ORDER}#x`,
    `http://elsewhere${ORDER}`,
    ORDER.slice(1),
    "/v1/orders/",
    "//v1/orders",
    "/v1/./orders",
    "/v1/x/../orders",
    "/V1/Orders",
    "/v1/orders#x",
  ];
  for (const path of paths) {
    it(`are not let past by the path ${path}`, async (t) => {
      const isRest = /orders/i.test(path.replace(/shop.*/i, "")) && !/shop/i.test(path);
      const fields = [":method", "POST", ":scheme", "http", ":path", path, ":authority", "a"];
      const body = enveloped(0).frame({ isCompressed: false, bytes: message });
      if (isRest) await send(t, toApi.address.port, [...fields, "content-type", "application/json"], Buffer.from("{}"));
      else await send(t, toApi.address.port, [...fields, ...GRPC], body);
      assert.deepEqual(api.asked, []);
    });
  }

  const verbs = ["post", "Post", "GET", "PUT", "OPTIONS", "HEAD"];
  for (const verb of verbs) {
    it(`are not let past by the verb ${verb} in gRPC`, async (t) => {
      const fields = [":method", verb, ":scheme", "http", ":path", ORDER, ":authority", "a", ...GRPC];
      const body = enveloped(0).frame({ isCompressed: false, bytes: message });
      await send(t, toApi.address.port, fields, body);
      await send(t, toShop.address.port, fields, body);
      assert.deepEqual([api.asked, shop.seen], [[], []]);
    });
  }

  it("are not let past by a verb of REST in lower case", async (t) => {
    const fields = [":method", "post", ":scheme", "http", ":path", "/v1/orders", ":authority", "a"];
    await send(t, toApi.address.port, [...fields, "content-type", "application/json"], Buffer.from("{}"));
    assert.deepEqual(api.asked, []);
  });

  for (const name of ["content-type", "content-encoding", "grpc-encoding", "connect-content-encoding"]) {
    it(`are not let past by ${name} twice`, async (t) => {
      const fields = [":method", "POST", ":scheme", "http", ":path", "/shop.v1.Shop/Peek", ":authority", "a"];
      const values = name === "content-type" ? ["application/grpc", "application/grpc+json"] : ["identity", "gzip"];
      const twice = values.flatMap((value) => [name, value]);
      const given = name === "content-type" ? twice : [...GRPC, ...twice];
      await send(
        t,
        toApi.address.port,
        [...fields, ...given],
        enveloped(0).frame({ isCompressed: false, bytes: message }),
      );
      assert.deepEqual([api.asked, ran], [[], 0]);
    });
  }

  const queries = [
    "connect=v1&encoding=json&message=%7B%7D&base64=1%23",
    "connect=v1&encoding=json&message=e30&base64=1?",
    "connect=v1&encoding=json&message=e30&base64=1#",
    "connect=v1&encoding=json&message=%7B%7D&message=%7B%22count%22%3A1%7D",
    "connect=v1&encoding=json&encoding=proto&message=",
  ];
  for (const query of queries) {
    it(`are not shown in another reading than the API's by the query ${query}`, async (t) => {
      const fields = [":method", "GET", ":scheme", "http", ":path", `/shop.v1.Shop/Peek?${query}`, ":authority", "a"];
      await send(t, toApi.address.port, fields, Buffer.alloc(0));
      assert.deepEqual([api.asked, ran], [[], 0]);
    });
  }
});
