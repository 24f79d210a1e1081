import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Hono } from "hono";
import { BODY, REPLY, adapterConformance, startReceiver } from "../../test/adapter.ts";
import { serve } from "../../test/serve.ts";
import { webhookHeaders } from "../../test/sign.ts";
import { fetchHandler } from "./fetch.ts";

describe("fetchHandler()", () => {
  adapterConformance(async (t, receiver) => {
    const handle = fetchHandler(receiver);
    return serve(t, (incoming, outgoing) => {
      const body = new ReadableStream<Uint8Array>({
        async start(controller) {
          for await (const chunk of incoming) controller.enqueue(chunk as Uint8Array);
          controller.close();
        },
      });
      const headers = new Headers(incoming.headers as Record<string, string>);
      const request = new Request("http://receiver/", { method: "POST", headers, body, duplex: "half" });
      void handle(request).then(async (response) => {
        outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(await response.text());
      });
    });
  });

  const request = (init: RequestInit = {}) =>
    new Request("http://receiver/", { method: "POST", body: BODY, headers: webhookHeaders({ body: BODY }), ...init });

  it("serves a framework that routes by Fetch", async () => {
    const app = new Hono().post("/hook", (c) => fetchHandler(startReceiver().receiver)(c.req.raw));
    assert.equal(await (await app.request("/hook", request())).text(), REPLY);
  });

  it("takes POSTs alone", async () => {
    const answer = await fetchHandler(startReceiver().receiver)(new Request("http://receiver/"));
    assert.deepEqual([answer.status, answer.headers.get("allow")], [405, "POST"]);
  });

  it("says so when the body was read before", async () => {
    const { receiver, errors } = startReceiver();
    const read = request();
    await read.json();
    assert.equal((await fetchHandler(receiver)(read)).status, 500);
    assert.equal(errors[0]?.code, "body_parsed");
    assert.match(errors[0].message, /clone\(\)/);
  });

  it("stops reading at the limit, and where the body breaks off", async () => {
    const { receiver, errors } = startReceiver();
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(1000 + 0 * pulled++)),
    });
    assert.equal((await fetchHandler(receiver)(request({ body: endless, duplex: "half" }))).status, 413);
    assert.ok(pulled < 150, String(pulled));
    const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error("gone")) });
    assert.equal((await fetchHandler(receiver)(request({ body: broken, duplex: "half" }))).status, 400);
    assert.deepEqual(
      errors.map(({ code }) => code),
      ["body_too_large", "body_unreadable"],
    );
  });
});
