import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { ReceiverError } from "../src/error.ts";
import { createReceiver, type Receiver } from "../src/receiver.ts";
import { reply } from "../src/reply.ts";
import { KEY, webhookHeaders, zitadelHeaders } from "./sign.ts";

// Spaces that nobody who parses it and writes it again would keep.
export const BODY = '{ "fullMethod": "/acme.v1.Users/Add",  "request": {"name": "Zoë"} }';
export const REPLY = '{"name":"Zoë the second"}';
const MAX_BODY_BYTES = 100_000;

/** A receiver that changes a name, and keeps the errors that it is told of. */
export function startReceiver(): { readonly receiver: Receiver; readonly errors: ReceiverError[] } {
  const errors: ReceiverError[] = [];
  const receiver = createReceiver({
    keys: KEY,
    maxBodyBytes: MAX_BODY_BYTES,
    on: {
      request: ({ request }) => reply.change({ name: `${String(request.name)} the second` }),
      event: () => undefined,
    },
    onError: (error) => errors.push(error),
  });
  return { receiver, errors };
}

/** Sends a call as an instance does, and answers status and body. */
export async function post(url: string, body: string, headers: Record<string, string>): Promise<[number, string]> {
  const answer = await fetch(url, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });
  return [answer.status, await answer.text()];
}

/** What every adapter does. `open` serves a receiver by it at the address that it answers. */
export function adapterConformance(open: (t: TestContext, receiver: Receiver) => Promise<string>): void {
  describe("as every adapter", () => {
    it("answers calls that are signed over the bytes that came, in both families", async (t) => {
      const url = await open(t, startReceiver().receiver);
      for (const headers of [webhookHeaders({ body: BODY }), zitadelHeaders({ body: BODY })])
        assert.deepEqual(await post(url, BODY, headers), [200, REPLY]);
    });

    it("answers with nothing where nothing shall change", async (t) => {
      const url = await open(t, startReceiver().receiver);
      const head = { event_type: "a", aggregateID: "1", aggregateType: "a", sequence: 1 };
      const body = JSON.stringify({ ...head, created_at: "2026-11-26T09:30:00Z" });
      assert.deepEqual(await post(url, body, webhookHeaders({ body })), [204, ""]);
    });

    it("answers with JSON, and says so", async (t) => {
      const url = await open(t, startReceiver().receiver);
      const answer = await fetch(url, { method: "POST", body: BODY, headers: zitadelHeaders({ body: BODY }) });
      assert.match(answer.headers.get("content-type") ?? "", /^application\/json/);
    });

    it("refuses what is not signed, or signed over something else", async (t) => {
      const { receiver, errors } = startReceiver();
      const url = await open(t, receiver);
      const [status, body] = await post(url, BODY, webhookHeaders({ body: JSON.stringify(JSON.parse(BODY)) }));
      assert.deepEqual([status, JSON.parse(body).error.code], [401, "no_match"]);
      assert.equal((await post(url, BODY, {}))[0], 401);
      assert.equal((await post(url, "", {}))[0], 401);
      assert.deepEqual(
        errors.map(({ code }) => code),
        ["no_match", "missing", "missing"],
      );
    });

    it("reads a body of the largest size, and refuses a larger one", async (t) => {
      const url = await open(t, startReceiver().receiver);
      const largest = BODY.padEnd(MAX_BODY_BYTES - 1);
      assert.equal(Buffer.byteLength(largest), MAX_BODY_BYTES);
      assert.equal((await post(url, largest, webhookHeaders({ body: largest })))[0], 200);
      const larger = `${largest} `;
      assert.equal((await post(url, larger, webhookHeaders({ body: larger })))[0], 413);
    });
  });
}
