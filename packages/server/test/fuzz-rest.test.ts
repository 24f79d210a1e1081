import assert from "node:assert/strict";
import { Agent, request as httpRequest } from "node:http";
import { before, describe, it } from "node:test";
import fc from "fast-check";
import { createTarget } from "./harness/api.ts";
import { cleanUp, forSuite } from "./harness/cleanup.ts";
import { requests, type MadeUpRequest } from "./harness/made-up-requests.ts";
import { ADMIN_TOKEN, startServer, type JsonAnswer, type TestServer } from "./harness/server.ts";
import { assertStatus } from "./harness/status.ts";
import { startTarget } from "./harness/target.ts";

/** How long requests are made up, at most. A failure prints the seed and the path that lead to it again. */
const TIME_MS = 4_000;

/** Paths of pages for people, which are no JSON. */
const CONSOLE = /^\/($|\?|console)/;

describe("the REST API, whatever is sent to it,", () => {
  let server: TestServer;
  let send: (request: MadeUpRequest) => Promise<JsonAnswer>;
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite);
    const hook = await startTarget(suite);
    const names = {
      $async: await createTarget(server, { name: "async", endpoint: hook.url, type: "restAsync" }),
      $other: await createTarget(server, { name: "other", endpoint: hook.url }),
    };
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    cleanUp(suite, () => agent.destroy());
    send = (request) => exchange(server, agent, filledIn(request, names));
  });

  it("answers every request, never with a fault of its own, and refuses in one form", async (t) => {
    const statuses = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(requests, async (request) => {
        if (CONSOLE.test(request.path)) return;
        const answer = await send(request);
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        assert.ok(answer.status >= 200 && answer.status < 500, `${answer.status} ${JSON.stringify(answer.body)}`);
        if (request.verb === "HEAD") assert.equal(answer.body, undefined);
        else if (answer.status >= 400) assertStatus(answer);
        else assert.equal(typeof answer.body, "object");
        const isOpen = ["/healthz", "/readyz", "/openapi.json"].includes(request.path);
        assert.equal(answer.status === 401, !isOpen && request.token !== ADMIN_TOKEN);
      }),
      { numRuns: 20_000, interruptAfterTimeLimit: TIME_MS, markInterruptAsFailure: false, endOnFailure: true },
    );
    t.diagnostic(
      [...statuses]
        .sort()
        .map(([status, count]) => `${count} × ${status}`)
        .join(", "),
    );
    for (const status of [200, 400, 401, 404, 405])
      assert.ok(statuses.has(status), `${status} was never answered: too little is made up`);
  });

  it("is ready afterwards, and has logged no fault", async () => {
    assert.equal((await server.request("GET", "/readyz")).status, 200);
    assert.equal((await server.request("POST", "/v3alpha/targets/search", {})).status, 200);
    const faults = server
      .stderr()
      .split("\n")
      .filter((line) => /"level":[56]0|"code":"(internal|unknown)"/.test(line));
    assert.deepEqual(faults, []);
  });
});

function filledIn(request: MadeUpRequest, names: Readonly<Record<string, string>>): MadeUpRequest {
  const filled = (text: string): string => text.replace(/\$(async|other)/g, (name) => names[name] ?? name);
  const { body } = request;
  return {
    ...request,
    path: filled(request.path),
    body: body && Buffer.from(filled(Buffer.from(body).toString("latin1")), "latin1"),
  };
}

function exchange(
  { port }: TestServer,
  agent: Agent,
  { verb, path, query, headers, token, body }: MadeUpRequest,
): Promise<JsonAnswer> {
  const mark = path.includes("?") ? "&" : "?";
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        port,
        agent,
        method: verb,
        path: query === "" ? path : `${path}${mark}${query}`,
        headers: {
          ...headers,
          ...(token !== null && { authorization: `Bearer ${token}` }),
          ...(body && { "content-length": body.byteLength }),
        },
        timeout: 10_000,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () => {
          const text = Buffer.concat(chunks).toString();
          try {
            const fields = Object.entries(response.headers).map(
              ([name, value]) => [name, String(value)] as [string, string],
            );
            resolve({
              status: response.statusCode ?? 0,
              headers: new Headers(fields),
              body: text === "" ? undefined : JSON.parse(text),
            });
          } catch (error) {
            reject(new Error(`the answer is no JSON: ${text}`, { cause: error }));
          }
        });
      },
    );
    request.once("timeout", () => request.destroy(new Error("there was no answer in time")));
    request.once("error", reject);
    request.end(body);
  });
}
