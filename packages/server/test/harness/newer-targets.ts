import assert from "node:assert/strict";
import type { TestServer } from "./server.ts";

let count = 0;

/** Requests to a server that must succeed, past all executions. */
export function asking(server: TestServer): (verb: string, path: string, body?: unknown) => Promise<any> {
  return async (verb, path, body) => {
    const answer = await server.request(verb, path, body, { headers: { "interpose-bypass": "true" } });
    assert.ok(answer.status === 200 || answer.status === 201, JSON.stringify(answer.body));
    return answer.body;
  };
}

/** Creates a target by v2, which answers its signing key. */
export async function newTarget(
  server: TestServer,
  endpoint: string,
  payloadType = "JSON",
): Promise<{ readonly id: string; readonly signingKey: string }> {
  return asking(server)("POST", "/v2/actions/targets", {
    name: `received ${++count}`,
    endpoint,
    timeout: "10s",
    restCall: { interruptOnError: true },
    payloadType: `PAYLOAD_TYPE_${payloadType}`,
  });
}
