import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { call, request } from "../test/call.ts";
import { answer, startEndpoint, type Endpoint } from "../test/endpoint.ts";
import { credentials } from "../test/keys.ts";

/** An endpoint that notes the headers that tests give, and answers 307 to where it is told to. */
async function startNoting(
  t: Parameters<typeof startEndpoint>[0],
  where: (path: string) => string | undefined = () => undefined,
): Promise<Endpoint & { readonly seen: unknown[] }> {
  const seen: unknown[] = [];
  const endpoint = await startEndpoint(t, ({ url = "", headers }, response) => {
    seen.push([headers["x-key"], headers.authorization]);
    const location = where(url);
    if (location === undefined) answer(response, 200);
    else answer(response, 307, "", { location });
  });
  return { ...endpoint, seen };
}

const given = credentials({ headers: { "X-Key": "k3y", Authorization: "Token t0ken" } });
const GIVEN = ["k3y", "Token t0ken"];
const NONE = [undefined, undefined];

describe("headers that a target was given", () => {
  it("are sent, before what its URL says", async (t) => {
    const endpoint = await startNoting(t);
    await call(request(endpoint.url), { credentialsOf: given });
    await call(request(endpoint.url.replace("//", "//user:pass@")), { credentialsOf: given });
    await call(request(endpoint.url));
    assert.deepEqual(endpoint.seen, [GIVEN, GIVEN, NONE]);
  });

  it("go along within its origin, and to no other, nor back from there", async (t) => {
    const other = await startNoting(t, (path) => (path === "/" ? `${endpoint.url}back` : undefined));
    const endpoint: Awaited<ReturnType<typeof startNoting>> = await startNoting(
      t,
      (path) => ({ "/": "/on", "/on": other.url })[path],
    );
    const exchange = await call(request(endpoint.url), { credentialsOf: given });
    assert.equal(exchange.kind, "replied");
    assert.deepEqual(endpoint.seen, [GIVEN, GIVEN, NONE]);
    assert.deepEqual(other.seen, [NONE]);
  });

  it("take no place of the call's own", async (t) => {
    let seen: unknown;
    const endpoint = await startEndpoint(t, ({ headers }, response) => {
      seen = [headers["webhook-id"], headers["content-type"], headers["user-agent"]];
      answer(response, 200);
    });
    // Nobody is let give such ones.
    const headers = { "Webhook-Id": "1", "content-type": "text/plain", "USER-AGENT": "mine" };
    await call(request(endpoint.url), { credentialsOf: credentials({ headers }) });
    assert.deepEqual(seen, ["17-1", "application/json", "interpose"]);
  });
});
