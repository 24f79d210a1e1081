import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { describe, it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { adapterConformance, startReceiver } from "../../test/adapter.ts";
import { serve } from "../../test/serve.ts";
import { nodeHandler } from "./node.ts";

describe("nodeHandler()", () => {
  adapterConformance((t, receiver) => {
    const handle = nodeHandler(receiver);
    return serve(t, (request, response) => void handle(request, response));
  });

  it("takes POSTs alone", async (t) => {
    const handle = nodeHandler(startReceiver().receiver);
    const url = await serve(t, (request, response) => void handle(request, response));
    const answer = await fetch(url);
    assert.deepEqual([answer.status, answer.headers.get("allow")], [405, "POST"]);
  });

  it("answers before the end of a body that is too large, and closes the connection", async (t) => {
    const handle = nodeHandler(startReceiver().receiver);
    const url = await serve(t, (request, response) => void handle(request, response));
    const request = httpRequest(url, { method: "POST" });
    request.on("error", () => undefined);
    request.write(Buffer.alloc(150_000));
    const [answer] = await once(request, "response");
    assert.deepEqual([answer.statusCode, answer.headers.connection], [413, "close"]);
    request.destroy();
  });

  it("gives up a body whose connection is gone", async (t) => {
    const { receiver, errors } = startReceiver();
    const handle = nodeHandler(receiver);
    const url = await serve(t, (request, response) => void handle(request, response));
    const request = httpRequest(url, { method: "POST", headers: { "content-length": 10 } });
    request.on("error", () => undefined);
    request.write("half");
    await once(request, "socket");
    await wait(50);
    request.destroy();
    for (let i = 0; i < 200 && errors.length === 0; i++) await wait(25);
    assert.equal(errors[0]?.code, "body_unreadable");
  });
});
