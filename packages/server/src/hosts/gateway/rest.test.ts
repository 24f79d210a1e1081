import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { gzipSync, gunzipSync } from "node:zlib";
import { before, beforeEach, describe, it } from "node:test";
import { toJson } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { compressionGzip, connectNodeAdapter } from "@connectrpc/connect-node";
import { createTargetCaller } from "@interpose/caller";
import { compileSnapshot } from "@interpose/engine";
import { BadRequestSchema } from "@interpose/protocol/gen/google/rpc/error_details_pb";
import { cleanUp, forSuite, type Cleanup } from "../../../test/harness/cleanup.ts";
import { snapshotOf } from "../../../test/harness/snapshot.ts";
import { startTarget, type TestTarget } from "../../../test/harness/target.ts";
import { TEST_SIGNING } from "../../../test/harness/test-keys.ts";
import { createPlanRunner } from "../run-plan.ts";
import { loadDescriptors, type Descriptors } from "./descriptors/index.ts";
import type { Spoken } from "./protocols/index.ts";
import { startGateway, type GatewayOptions } from "./index.ts";

const PROTOS = fileURLToPath(new URL("../../../../protocol/test/proto", import.meta.url));
const NOTHING = compileSnapshot({ revision: 1n, targets: new Map(), executions: new Map() });
const THINGS = "things.v1.Things";
const FLOWS = "things.v1.Flows";

/** What a test changes between calls. */
const state = { snapshot: NOTHING };

async function startGatewayBefore(
  t: Cleanup,
  port: number,
  descriptors: Descriptors,
  speaks: readonly Spoken[],
  more: Partial<GatewayOptions> = {},
): Promise<string> {
  const targets = createTargetCaller({ egressAllow: ["127.0.0.0/8"], ...TEST_SIGNING });
  cleanUp(t, () => targets.close());
  const gateway = await startGateway({
    listen: { host: "127.0.0.1", port: 0 },
    upstream: { url: new URL(`http://127.0.0.1:${port}`) },
    descriptors: () => descriptors,
    snapshot: () => state.snapshot,
    instanceId: "1",
    onFault: (error) => {
      throw error;
    },
    maxMessageBytes: 100_000,
    speaks: new Set(speaks),
    run: createPlanRunner({ targets, newRunId: () => "7", onRun: () => undefined }),
    ...more,
  });
  cleanUp(t, () => gateway.drain(0));
  return `http://127.0.0.1:${gateway.address.port}`;
}

/** The API of the tests, served by Connect's server, which speaks gRPC, but not REST. */
async function startThings(t: Cleanup, descriptors: Descriptors) {
  const seen: { readonly method: string; readonly message: any; readonly header: Headers }[] = [];
  const noted = (method: string, message: any, context: any): any => {
    const { input } = context.method;
    seen.push({
      method,
      message: toJson(input, message, { registry: descriptors.registry }),
      header: context.requestHeader,
    });
    context.responseHeader.set("x-head", "open");
    context.responseTrailer.set("x-tail", "closed");
    if (message.text === "bad") {
      const details = [
        { desc: BadRequestSchema, value: { fieldViolations: [{ field: "text", description: "is bad" }] } },
      ];
      const error = new ConnectError("no: 100% ✗", Code.NotFound, { "x-why": "bad" }, details);
      (error.details as any[]).push({ type: "un.Known", value: new Uint8Array([1]) });
      throw error;
    }
    return message;
  };
  const same = (method: string) => async (message: any, context: any) => {
    noted(method, message, context);
    if (message.text === "slow")
      await new Promise((_resolve, reject) =>
        context.signal.addEventListener("abort", () => reject(context.signal.reason as Error)),
      );
    return message;
  };
  async function* several(message: any, context: any): AsyncGenerator<any> {
    noted("List", message, context);
    await nextTurn();
    for (let i = 1; i <= message.int32; i++) yield { name: `${i}` };
    if (message.text === "late") throw new ConnectError("sold out", Code.ResourceExhausted);
  }
  const handler = connectNodeAdapter({
    acceptCompression: [compressionGzip],
    compressMinBytes: 500,
    routes(router) {
      router.service(
        descriptors.registry.getService(THINGS) as any,
        {
          get: same("Get"),
          put: same("Put"),
          post: same("Post"),
          tail: same("Tail"),
          unbound: same("Unbound"),
        } as any,
      );
      router.service(
        descriptors.registry.getService(FLOWS) as any,
        {
          upload: same("Upload"),
          replace: same("Replace"),
          async *download({ id, note }: any) {
            await nextTurn();
            for (const [i, letter] of Array.from(String(id)).entries())
              yield { contentType: i === 0 ? "text/x-id" : "", data: Buffer.from(letter) };
            if (note === "late") throw new ConnectError("gone", Code.DataLoss);
          },
          list: several,
          names: several,
        } as any,
      );
    },
  });
  const server = createServer(handler as any).listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUp(t, () => void server.close());
  return { port: (server.address() as AddressInfo).port, seen };
}

/** Calls over HTTP/1.1. */
async function call(
  url: string,
  verb: string,
  path: string,
  body?: string | Uint8Array,
  headers: Record<string, string> = {},
) {
  const answer = await fetch(url + path, {
    method: verb,
    headers: { "content-type": "application/json", ...headers },
    ...(body !== undefined && { body: body as any }),
  });
  const bytes = Buffer.from(await answer.arrayBuffer());
  return {
    status: answer.status,
    headers: answer.headers,
    text: bytes.toString(),
    bytes,
    get json(): any {
      return JSON.parse(bytes.toString());
    },
  };
}

describe("a gateway that translates REST to gRPC", () => {
  let things: Awaited<ReturnType<typeof startThings>>;
  let hook: TestTarget;
  let url: string;
  const suite = forSuite();
  before(async () => {
    const descriptors = await loadDescriptors({ kind: "path", path: PROTOS });
    things = await startThings(suite, descriptors);
    hook = await startTarget(suite);
    url = await startGatewayBefore(suite, things.port, descriptors, ["grpc"]);
  });
  beforeEach(() => {
    state.snapshot = NOTHING;
    things.seen.length = 0;
    hook.calls.length = 0;
    hook.reply({});
  });

  const calls: readonly {
    name: string;
    line: string;
    body?: string;
    method: string;
    message: object;
    answer: unknown;
  }[] = [
    {
      name: "a path",
      line: "GET /v1/shelves/a%2Fb/things/2",
      method: "Get",
      message: { name: "shelves/a%2Fb/things/2" },
      answer: { name: "shelves/a%2Fb/things/2" },
    },
    {
      name: "a query, without what is no field's",
      line: "GET /v1/all?text=a%20b&nope=1&inner.count=3&texts=x&texts=y",
      method: "Get",
      message: { text: "a b", inner: { count: 3 }, texts: ["x", "y"] },
      answer: { text: "a b", inner: { count: 3 }, texts: ["x", "y"] },
    },
    {
      name: "a body that is one field, and an answer that is",
      line: "PUT /v1/things/x?flag=true",
      body: '{"label":"l","new":1}',
      method: "Put",
      message: { text: "x", flag: true, inner: { label: "l" } },
      answer: { label: "l" },
    },
    {
      name: "a custom verb",
      line: "POST /v1/files/a/b:copy",
      body: '{"texts":["t"]}',
      method: "Post",
      message: { inner: { label: "files/a/b" }, texts: ["t"] },
      answer: ["t"],
    },
    { name: "a verb that others made up", line: "REPORT /v1/things", method: "Get", message: {}, answer: {} },
    {
      name: "a method without options, by POST",
      line: "POST /things.v1.Things/Unbound",
      body: '{"text":"u"}',
      method: "Unbound",
      message: { text: "u" },
      answer: { text: "u" },
    },
  ];
  for (const { name, line, body, method, message, answer } of calls) {
    it(`reads ${name}`, async () => {
      const [verb = "", path = ""] = line.split(" ");
      const answered = await call(url, verb, path, body);
      assert.deepEqual(
        [answered.status, answered.json, answered.headers.get("content-type")],
        [200, answer, "application/json"],
      );
      assert.deepEqual(
        things.seen.map((each) => [each.method, each.message]),
        [[method, message]],
      );
    });
  }

  it("carries metadata over both ways, and trailers as headers", async () => {
    const { headers } = await call(url, "GET", "/v1/all", undefined, { "x-mine": "hello", "x-mine-bin": "AQID" });
    const { header } = things.seen[0] ?? assert.fail();
    assert.deepEqual(
      [header.get("x-mine"), header.get("x-mine-bin"), header.get("x-forwarded-for")],
      ["hello", "AQID", "127.0.0.1"],
    );
    assert.deepEqual(
      [headers.get("x-head"), headers.get("x-tail"), headers.get("grpc-status")],
      ["open", "closed", null],
    );
  });

  it("tells an error with its status, its details, known or not, and its metadata", async () => {
    const { status, json, headers } = await call(url, "GET", "/v1/things/bad");
    assert.equal(status, 404);
    assert.equal(headers.get("x-why"), "bad");
    assert.deepEqual(json, {
      code: 5,
      message: "no: 100% ✗",
      details: [
        {
          "@type": "type.googleapis.com/google.rpc.BadRequest",
          fieldViolations: [{ field: "text", description: "is bad" }],
        },
        { "@type": "type.googleapis.com/un.Known", value: "AQ==" },
      ],
    });
  });

  it("carries bytes as google.api.HttpBody", async () => {
    const whole = await call(url, "POST", "/v1/uploads", new Uint8Array([0, 255]), { "content-type": "image/x" });
    assert.deepEqual([whole.headers.get("content-type"), [...whole.bytes]], ["image/x", [0, 255]]);
    assert.deepEqual(things.seen[0]?.message, { contentType: "image/x", data: "AP8=" });
    const part = await call(url, "PUT", "/v1/raw/7?note=n", "<p>", { "content-type": "text/html" });
    assert.deepEqual([part.headers.get("content-type"), part.text], ["text/html", "<p>"]);
    assert.deepEqual(things.seen[1]?.message, {
      id: "7",
      note: "n",
      content: { contentType: "text/html", data: "PHA+" },
    });
    const stream = await call(url, "GET", "/v1/raw/abc");
    assert.deepEqual([stream.headers.get("content-type"), stream.text], ["text/x-id", "abc"]);
  });

  it("cuts off a stream of bytes that fails, since nothing in it could say so", async () => {
    await assert.rejects(call(url, "GET", "/v1/raw/abc?note=late"));
  });

  it("writes a stream as an array, or in lines", async () => {
    const array = await call(url, "GET", "/v1/stream?int32=3");
    assert.deepEqual(
      [array.headers.get("content-type"), array.json],
      ["application/json", [{ name: "1" }, { name: "2" }, { name: "3" }]],
    );
    assert.equal(array.headers.get("x-head"), "open");
    const lines = await call(url, "GET", "/v1/stream?int32=2", undefined, { accept: "application/x-ndjson" });
    assert.deepEqual(
      [lines.headers.get("content-type"), lines.text],
      ["application/x-ndjson", '{"name":"1"}\n{"name":"2"}\n'],
    );
    assert.deepEqual((await call(url, "GET", "/v1/stream")).json, []);
    assert.deepEqual((await call(url, "GET", "/v1/names?int32=2")).json, ["1", "2"]);
  });

  it("tells the error of a stream by HTTP's status before the first message, and as the last item behind it", async () => {
    const early = await call(url, "GET", "/v1/stream?text=bad");
    assert.deepEqual([early.status, early.json.code], [404, 5]);
    const late = await call(url, "GET", "/v1/stream?int32=1&text=late");
    const error = { error: { code: 8, message: "sold out", details: [] } };
    assert.deepEqual([late.status, late.json], [200, [{ name: "1" }, error]]);
    const lines = await call(url, "GET", "/v1/stream?int32=1&text=late", undefined, { accept: "application/x-ndjson" });
    assert.deepEqual(
      lines.text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
      [{ name: "1" }, error],
    );
  });

  it("answers HEAD with the head of GET", async () => {
    for (const path of ["/v1/all?text=abc", "/v1/things/bad", "/v1/stream?int32=3"]) {
      const [get, head] = [await call(url, "GET", path), await call(url, "HEAD", path)];
      assert.deepEqual(
        [head.status, head.headers.get("content-type"), head.text],
        [get.status, get.headers.get("content-type"), ""],
      );
      assert.equal(head.headers.get("content-length"), get.headers.get("content-length"));
    }
  });

  const refused: readonly {
    name: string;
    line: string;
    body?: string;
    headers?: Record<string, string>;
    status: number;
    code: number;
    says: RegExp;
  }[] = [
    { name: "what is not JSON", line: "PUT /v1/things/x", body: "{", status: 400, code: 3, says: /not JSON/ },
    {
      name: "a value that does not fit, naming the field",
      line: "GET /v1/all?int32=x",
      status: 400,
      code: 3,
      says: /^int32: expected a whole number/,
    },
    {
      name: "a body that is too large",
      line: "POST /v1/files/a:copy",
      body: `{"text":"${"a".repeat(200_000)}"}`,
      status: 413,
      code: 8,
      says: /larger than 100000 bytes/,
    },
    {
      name: "a stream of messages from the client",
      line: "POST /v1/collect",
      body: "{}",
      status: 501,
      code: 12,
      says: /Clients send a stream of messages/,
    },
    {
      name: "a verb that a path does not have",
      line: "PATCH /v1/things/x",
      body: "{}",
      status: 405,
      code: 12,
      says: /Use GET, HEAD, PUT/,
    },
    {
      name: "a coding that is not known",
      line: "POST /v1/files/a:copy",
      body: "{}",
      headers: { "content-encoding": "lzw" },
      status: 501,
      code: 12,
      says: /lzw/,
    },
    {
      name: "a body that is not what its coding says",
      line: "POST /v1/files/a:copy",
      body: "{}",
      headers: { "content-encoding": "gzip" },
      status: 400,
      code: 3,
      says: /no gzip/,
    },
    {
      name: "a call that takes longer than its client gives it",
      line: "GET /v1/things/slow",
      headers: { "grpc-timeout": "100m" },
      status: 504,
      code: 4,
      says: /./,
    },
  ];
  for (const { name, line, body, headers, status, code, says } of refused) {
    it(`refuses ${name}`, async () => {
      const [verb = "", path = ""] = line.split(" ");
      const answer = await call(url, verb, path, body, headers);
      assert.equal(answer.status, status, answer.text);
      assert.equal(answer.json.code, code);
      assert.equal(answer.headers.get("allow"), status === 405 ? "GET, HEAD, PUT" : null);
      assert.match(answer.json.message, says);
    });
  }

  it("reads bodies that are compressed, and writes them for clients that ask for it", async () => {
    const answer = await fetch(`${url}/v1/files/a:copy`, {
      method: "POST",
      headers: { "content-encoding": "gzip" },
      body: gzipSync(JSON.stringify({ texts: ["t".repeat(1000)] })),
    });
    assert.equal(answer.headers.get("content-encoding"), "gzip");
    assert.deepEqual(await answer.json(), ["t".repeat(1000)]);
  });

  it("shows targets requests and responses, and passes on what they make of them", async () => {
    state.snapshot = snapshotOf({
      [`request/${THINGS}/Put`]: { endpoint: hook.url },
      [`response/${THINGS}/Put`]: { endpoint: hook.url },
    });
    hook.reply({ body: { text: "y", inner: { label: "changed" } } });
    const answer = await call(url, "PUT", "/v1/things/x", '{"label":"l"}');
    assert.deepEqual(
      hook.calls.map(({ body }) => body.request),
      [
        { text: "x", inner: { label: "l" } },
        { text: "y", inner: { label: "changed" } },
      ],
    );
    assert.deepEqual(things.seen[0]?.message, { text: "y", inner: { label: "changed" } });
    assert.deepEqual(answer.json, { label: "changed" });
  });

  it("tells the refusal of a target as google.rpc.Status", async () => {
    state.snapshot = snapshotOf({ [`request/${THINGS}/Get`]: { endpoint: hook.url, type: "webhook" } });
    hook.reply({ status: 403, body: { message: "not today" } });
    const answer = await call(url, "GET", "/v1/things/x");
    assert.ok(answer.status >= 400 && answer.json.code > 0 && answer.json.details.length > 0, answer.text);
    assert.equal(things.seen.length, 0);
  });

  it("looks at each message of a stream, and ends it with the error of one that is refused", async () => {
    state.snapshot = snapshotOf({ [`response/${FLOWS}/List`]: { endpoint: hook.url } });
    hook.reply({ body: { name: "changed" } });
    assert.deepEqual((await call(url, "GET", "/v1/stream?int32=2")).json, [{ name: "changed" }, { name: "changed" }]);
    let count = 0;
    hook.reply(() => (++count === 2 ? { status: 500 } : {}));
    const { json } = await call(url, "GET", "/v1/stream?int32=3");
    assert.equal(json.length, 2);
    assert.ok(json[1].error.code > 0);
  });

  it("reads an answer over HTTP/2 too, where HEAD has no body", async () => {
    const session = connect(url);
    cleanUp(suite, () => session.close());
    const stream = session.request({ ":method": "HEAD", ":path": "/v1/things/bad" });
    const [head] = (await once(stream, "response")) as [Record<string, string>];
    assert.equal(Number(head[":status"]), 404);
    let size = 0;
    for await (const chunk of stream) size += (chunk as Buffer).byteLength;
    assert.equal(size, 0);
  });
});

/** An API that speaks REST itself, as far as the test says. */
async function startRestApi(t: Cleanup) {
  const seen: { readonly line: string; readonly body: Buffer; readonly headers: Record<string, any> }[] = [];
  const api = {
    seen,
    port: 0,
    answer: (
      _path: string,
    ): { status?: number; headers?: Record<string, string>; parts: readonly (string | Buffer)[] } => ({
      parts: ["{}"],
    }),
  };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      seen.push({ line: `${request.method} ${request.url}`, body: Buffer.concat(parts), headers: request.headers });
      const { status = 200, headers = {}, parts: body } = api.answer(request.url);
      response.writeHead(status, { "content-type": "application/json", ...headers });
      if (request.method === "HEAD") {
        response.end();
        return;
      }
      void (async () => {
        for (const part of body) {
          response.write(part);
          await pause(5);
        }
        response.end();
      })();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUp(t, () => void server.close());
  api.port = (server.address() as AddressInfo).port;
  return api;
}

describe("a gateway before an API that speaks REST itself", () => {
  let api: Awaited<ReturnType<typeof startRestApi>>;
  let hook: TestTarget;
  let url: string;
  const suite = forSuite();
  before(async () => {
    const descriptors = await loadDescriptors({ kind: "path", path: PROTOS });
    api = await startRestApi(suite);
    hook = await startTarget(suite);
    url = await startGatewayBefore(suite, api.port, descriptors, ["grpc", "rest"]);
  });
  beforeEach(() => {
    state.snapshot = NOTHING;
    api.seen.length = 0;
    api.answer = () => ({ parts: ["{}"] });
    hook.calls.length = 0;
    hook.reply({});
  });
  const hooked = (...conditions: string[]): void =>
    void (state.snapshot = snapshotOf(Object.fromEntries(conditions.map((id) => [id, { endpoint: hook.url }]))));

  it("passes what nothing hooks as it is", async () => {
    api.answer = () => ({ parts: ["no JSON at all"] });
    const answer = await call(url, "POST", "/v1/files/a:copy?x=1", "nor this");
    assert.deepEqual(
      [answer.text, api.seen[0]?.line, api.seen[0]?.body.toString()],
      ["no JSON at all", "POST /v1/files/a:copy?x=1", "nor this"],
    );
  });

  it("passes what a target leaves as it is byte for byte", async () => {
    hooked(`request/${THINGS}/Post`, `response/${THINGS}/Post`);
    api.answer = () => ({ parts: ['[ "a",', ' "b"]'] });
    const body = ' {"int_64": 5, "new": 1.0}';
    const answer = await call(url, "POST", "/v1/f%69les/a:copy?x=%7e", body);
    assert.deepEqual(
      [api.seen[0]?.line, api.seen[0]?.body.toString(), answer.text],
      ["POST /v1/f%69les/a:copy?x=%7e", body, '[ "a", "b"]'],
    );
    assert.deepEqual(
      hook.calls.map(({ body }) => body.request.int64),
      ["5", "5"],
    );
  });

  it("writes what a target changes into path, query and body, and leaves the rest", async () => {
    hooked(`request/${THINGS}/Put`);
    hook.reply({ body: { text: "b/c", flag: true, inner: { label: "new", count: 1 } } });
    await call(url, "PUT", "/v1/things/a?unknown=1&int_32=7", '{"label":"old","more":[1.0]}');
    assert.equal(api.seen[0]?.line, "PUT /v1/things/b%2Fc?unknown=1&flag=true");
    assert.equal(api.seen[0].body.toString(), '{"label":"new","more":[1.0],"count":1}');
    assert.equal(Number(api.seen[0].headers["content-length"]), api.seen[0].body.byteLength);
  });

  it("writes what a target changes into an answer, and leaves the rest", async () => {
    hooked(`response/${THINGS}/Get`);
    hook.reply({ body: { text: "changed" } });
    api.answer = () => ({ parts: ['{"text":"old","int_64":5,"new":{"a":1.0}}'], headers: { etag: "x" } });
    const answer = await call(url, "GET", "/v1/all");
    assert.equal(answer.text, '{"text":"changed","new":{"a":1.0}}');
    assert.equal(answer.headers.get("etag"), "x");
    assert.equal(Number(answer.headers.get("content-length")), answer.bytes.byteLength);
  });

  it("reads and writes bodies in the coding that they came in", async () => {
    hooked(`request/${THINGS}/Post`, `response/${THINGS}/Post`);
    const changed = { text: "changed", texts: ["changed"], inner: { label: "files/b" } };
    hook.reply({ body: changed });
    api.answer = () => ({ parts: [gzipSync('["a"]')], headers: { "content-encoding": "gzip" } });
    const answer = await call(url, "POST", "/v1/files/a:copy", gzipSync("{}"), { "content-encoding": "gzip" });
    assert.deepEqual(answer.json, ["changed"]);
    assert.equal(answer.headers.get("content-encoding"), "gzip");
    assert.deepEqual(JSON.parse(gunzipSync(api.seen[0]?.body ?? "").toString()), {
      text: "changed",
      texts: ["changed"],
    });
    assert.equal(api.seen[0]?.line, "POST /v1/files/b:copy");
  });

  it("refuses what a path or a query cannot say, naming the field", async () => {
    hooked(`request/${THINGS}/Get`);
    hook.reply({ body: { text: "x", counts: { a: 1 } } });
    const answer = await call(url, "GET", "/v1/things/x");
    assert.deepEqual([answer.status, answer.json.message], [501, "counts: a map has no place in a query."]);
    hook.reply({ body: { text: "fixed" } });
    assert.match((await call(url, "GET", "/v1/things/x")).json.message, /^text: "fixed" has no place in the path/);
    assert.equal(api.seen.length, 0);
  });

  it("lets nobody past an execution by HEAD, another spelling, or a form", async () => {
    hooked(`request/${THINGS}/Get`);
    hook.reply({ status: 500 });
    for (const [verb, path] of [
      ["HEAD", "/v1/things/x"],
      ["GET", "/v1/%74hings/x"],
      ["GET", "/v1/things/x?y"],
    ] as const)
      assert.ok((await call(url, verb, path)).status >= 400, `${verb} ${path}`);
    // grpc-gateway takes escapes apart before it looks for segments, and Envoy leaves malformed ones as they are.
    for (const path of ["/v1%2Fthings/x", "/v1/shelves%2Fa/things/b", "/v1/things/x%zz", "/v1/%74hings/x%C3"])
      assert.equal((await call(url, "GET", path)).status, 415, path);
    const form = { "content-type": "application/x-www-form-urlencoded" };
    assert.equal((await call(url, "POST", "/v1/all", "text=a", form)).status, 415);
    assert.equal(
      (await call(url, "POST", "/v1/all", "text=a", { ...form, "x-http-method-override": "get" })).status,
      415,
    );
    assert.equal(api.seen.length, 0);
    assert.equal(
      (await call(url, "PATCH", "/v1/all", "{}")).status,
      200,
      "a verb that the API is not described with passes",
    );
  });

  it("lets an answer that is none pass, and refuses one that cannot be read", async () => {
    hooked(`response/${THINGS}/Get`);
    api.answer = () => ({ status: 404, parts: ["<p>nothing here"], headers: { "content-type": "text/html" } });
    assert.equal((await call(url, "GET", "/v1/all")).text, "<p>nothing here");
    api.answer = () => ({ parts: ["<p>hello"], headers: { "content-type": "text/html" } });
    const answer = await call(url, "GET", "/v1/all");
    assert.deepEqual([answer.status, answer.json.code], [500, 13]);
    assert.match(answer.json.message, /things\.v1\.Thing/);
    assert.equal((await call(url, "HEAD", "/v1/all")).status, 200);
  });

  it("looks at each message of a stream, however it is written and cut", async () => {
    hooked(`response/${FLOWS}/List`);
    hook.reply({ body: { text: "seen" } });
    const array = '[{"name":"1","new":"]}\\""},\n{"name":"2"}\n]\n';
    api.answer = () => ({ parts: Array.from(array) });
    assert.equal((await call(url, "GET", "/v1/stream")).text, '[{"new":"]}\\"","text":"seen"},\n{"text":"seen"}\n]\n');
    api.answer = () => ({ parts: ['{"result":{"name":"1","new":1.0}}\n{"result', '":{}}\n{"error":{"code":5}}\n'] });
    assert.equal(
      (await call(url, "GET", "/v1/stream")).text,
      '{"result":{"new":1.0,"text":"seen"}}\n{"result":{"text":"seen"}}\n{"error":{"code":5}}\n',
    );
  });

  it("shows targets the API's errors where their execution asks for that, and lets them refuse in their place", async () => {
    const asking = (condition: string): void =>
      void (state.snapshot = snapshotOf(
        { [condition]: { endpoint: hook.url } },
        { runOnErrors: true, hiddenFields: [] },
      ));
    asking(`response/${THINGS}/Get`);
    const error = { code: 9, message: "no: 100% ✗", details: [{ "@type": "un.Known", value: "AQ==" }] };
    const shown = (): unknown[] => hook.calls.map(({ body }) => [body.error?.code, body.error?.message, body.response]);
    for (const [status, text, coding] of [
      [400, JSON.stringify(error), undefined],
      [400, JSON.stringify({ error }), "gzip"],
      [503, "<h1>Sorry</h1>", undefined],
      [404, "", undefined],
    ] as const) {
      const body = coding ? gzipSync(text) : Buffer.from(text);
      api.answer = () => ({ status, parts: [body], headers: coding ? { "content-encoding": coding } : {} });
      const answer = await call(url, "GET", "/v1/all");
      assert.deepEqual([answer.status, answer.text], [status, text], "it is told as it came");
    }
    assert.deepEqual(shown(), [
      ["FAILED_PRECONDITION", "no: 100% ✗", undefined],
      ["FAILED_PRECONDITION", "no: 100% ✗", undefined],
      ["UNAVAILABLE", "HTTP 503", undefined],
      ["NOT_FOUND", "HTTP 404", undefined],
    ]);
    hook.reply({ body: { forwardedStatusCode: 403 } });
    assert.equal((await call(url, "GET", "/v1/all")).status, 403);
    // What is too long for an error passes unseen.
    hook.calls.length = 0;
    const long = "x".repeat(3_000_000);
    api.answer = () => ({ status: 500, parts: [long] });
    const answer = await call(url, "GET", "/v1/all");
    assert.deepEqual([answer.status, answer.text.length, hook.calls.length], [500, long.length, 0]);

    asking(`response/${FLOWS}/List`);
    hook.reply({});
    api.answer = () => ({ parts: ['{"result":{}}\n', '{"error":{"code":5,"message":"gone"}}\n'] });
    assert.match((await call(url, "GET", "/v1/stream")).text, /"message":"gone"/);
    assert.deepEqual(shown(), [
      [undefined, undefined, {}],
      ["NOT_FOUND", "gone", undefined],
    ]);
  });

  it("ends a stream with the error of a message that is refused", async () => {
    hooked(`response/${FLOWS}/List`);
    for (const parts of [
      ["[", "{}", ",\n", "{}", ",{}]"],
      ["{}\n", "{}\n{}"],
    ]) {
      let count = 0;
      hook.reply(() => (++count === 2 ? { status: 500 } : {}));
      api.answer = () => ({ parts });
      const { text } = await call(url, "GET", "/v1/stream");
      const items = text.startsWith("[")
        ? (JSON.parse(text) as any[])
        : text
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line));
      assert.equal(items.length, 2, text);
      assert.ok(items[1].error.code > 0);
    }
  });

  it("takes google.api.HttpBody for the bytes that it is", async () => {
    hooked(`request/${FLOWS}/Upload`, `response/${FLOWS}/Upload`);
    hook.reply({ body: { contentType: "text/plain", data: "aGVsbG8=" } });
    api.answer = () => ({ parts: [Buffer.from([0, 255])], headers: { "content-type": "image/x" } });
    const answer = await call(url, "POST", "/v1/uploads", new Uint8Array([1, 2]), { "content-type": "image/y" });
    assert.deepEqual(
      hook.calls.map(({ body }) => body.request),
      [
        { contentType: "image/y", data: "AQI=" },
        { contentType: "text/plain", data: "aGVsbG8=" },
      ],
    );
    assert.deepEqual([api.seen[0]?.headers["content-type"], api.seen[0]?.body.toString()], ["text/plain", "hello"]);
    assert.deepEqual([answer.headers.get("content-type"), answer.text], ["text/plain", "hello"]);
  });

  it("refuses a call to which its client sends a stream", async () => {
    hooked(`request/${FLOWS}/Collect`);
    assert.deepEqual((await call(url, "POST", "/v1/collect", "{}")).status, 501);
    assert.equal(api.seen.length, 0);
  });
});
