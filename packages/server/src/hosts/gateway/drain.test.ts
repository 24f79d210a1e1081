import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { before, describe, it } from "node:test";
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { forSuite } from "../../../test/harness/cleanup.ts";
import { eventually } from "../../../test/harness/eventually.ts";
import { startPassingGateway } from "../../../test/harness/gateway.ts";
import { SHOP_PROTOS, startShop, type Shop } from "../../../test/harness/shop.ts";
import { snapshotOf } from "../../../test/harness/snapshot.ts";
import { loadDescriptors, type Descriptors } from "./descriptors/index.ts";

type Call = (url: string, descriptors: Descriptors) => Promise<string>;

const byTransport =
  (transport: (baseUrl: string) => Transport): Call =>
  async (url, { registry }) => {
    const client: any = createClient(registry.getService("shop.v1.Shop") ?? assert.fail(), transport(url));
    return (await client.order({ item: "tea", count: 2 })).text;
  };

const CALLS: Readonly<Record<string, Call>> = {
  gRPC: byTransport((baseUrl) => createGrpcTransport({ baseUrl })),
  "gRPC-Web over HTTP/2": byTransport((baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "2" })),
  "gRPC-Web over HTTP/1.1": byTransport((baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })),
  "Connect over HTTP/2": byTransport((baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" })),
  "Connect over HTTP/1.1": byTransport((baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" })),
  async REST(url) {
    const body = JSON.stringify({ item: "tea", count: 2 });
    const answer = await fetch(`${url}/v1/orders`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    return ((await answer.json()) as { text: string }).text;
  },
};

describe("a gateway that is drained", () => {
  const suite = forSuite();
  let shop: Shop;
  let descriptors: Descriptors;
  before(async () => {
    shop = await startShop(suite);
    descriptors = await loadDescriptors({ kind: "path", path: SHOP_PROTOS });
  });

  for (const [name, call] of Object.entries(CALLS)) {
    for (const side of ["request", "response"] as const) {
      it(`lets a call in ${name} end whose ${side} is at a target`, async (t) => {
        const snapshot = snapshotOf({ [side]: { endpoint: "http://127.0.0.1:1/" } });
        let isAsked = false;
        const gateway = await startPassingGateway(
          t,
          Number(shop.address.split(":")[1]),
          { http: "2" },
          {
            descriptors: () => descriptors,
            snapshot: () => snapshot,
            maxMessageBytes: 1_000,
            async run({ message }) {
              isAsked = true;
              await delay(150);
              return message;
            },
          },
        );
        const answer = call(`http://127.0.0.1:${gateway.address.port}`, descriptors);
        await eventually("a target is asked", () => isAsked);
        assert.equal(await gateway.drain(3_000), true);
        assert.equal(await answer, "2 tea");
      });
    }
  }
});
