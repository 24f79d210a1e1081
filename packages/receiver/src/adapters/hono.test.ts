import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Hono, type Context } from "hono";
import { BODY, REPLY, startReceiver } from "../../test/adapter.ts";
import { webhookHeaders } from "../../test/sign.ts";
import { honoHandler } from "./hono.ts";

/** Sends a call to an application in which something reads the body first. */
async function send(read: (c: Context) => Promise<unknown> = () => Promise.resolve()) {
  const { receiver, errors } = startReceiver();
  const app = new Hono();
  app.use(async (c, next) => {
    await read(c);
    await next();
  });
  app.all("/hook", honoHandler(receiver));
  const answer = await app.request("/hook", { method: "POST", body: BODY, headers: webhookHeaders({ body: BODY }) });
  return { status: answer.status, text: await answer.text(), errors };
}

describe("honoHandler()", () => {
  const readers: readonly [string, ((c: Context) => Promise<unknown>) | undefined][] = [
    ["nobody", undefined],
    ["c.req.text()", (c) => c.req.text()],
    ["c.req.json()", (c) => c.req.json()],
    ["c.req.arrayBuffer()", (c) => c.req.arrayBuffer()],
    ["c.req.raw.clone()", (c) => c.req.raw.clone().json()],
  ];
  for (const [title, read] of readers)
    it(`answers calls whose body was read by ${title} before`, async () => {
      const { status, text } = await send(read);
      assert.deepEqual([status, text], [200, REPLY]);
    });

  it("says so where the body is gone", async () => {
    const { status, errors } = await send((c) => c.req.raw.json());
    assert.deepEqual([status, errors[0]?.code], [500, "body_parsed"]);
  });

  it("takes POSTs alone", async () => {
    const app = new Hono().all("/hook", honoHandler(startReceiver().receiver));
    assert.equal((await app.request("/hook")).status, 405);
  });
});
