// What only REST has: when the head of a stream leaves, and what its body is. ../hosts/own-api/streams.test.ts has the rest.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { before, describe, it } from "node:test";
import type { DescService } from "@bufbuild/protobuf";
import { InterposeError } from "@interpose/engine";
import { forSuite } from "../../test/harness/cleanup.ts";
import { eventually } from "../../test/harness/eventually.ts";
import { http2Request, openHttp2 } from "../../test/harness/raw-http2.ts";
import { createTestExecutions } from "../../test/hosts/executions.ts";
import { startOwnApi } from "../../test/hosts/own-api.ts";
import type { Call } from "../call.ts";
import { loadDescriptors } from "../hosts/gateway/descriptors/index.ts";

const THINGS = fileURLToPath(new URL("../../../protocol/test/proto", import.meta.url));
const { registry } = await loadDescriptors({ kind: "path", path: THINGS });
const FLOWS: DescService = registry.getService("things.v1.Flows") ?? assert.fail("there are no flows");

describe("a stream over REST", () => {
  const suite = forSuite();
  let url: string;
  /** Texts of requests whose streams have begun, and ended. */
  const [begun, ended]: [string[], string[]] = [[], []];

  /** "wait": says nothing until it is over; "late": fails behind two messages; all else is said, word for word. */
  async function* words({ text }: { readonly text: string }, { signal }: Call): AsyncGenerator<string> {
    begun.push(text);
    try {
      if (text === "wait") await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      else yield* text.split(" ");
      if (text === "fails late") throw new InterposeError("target_not_found", "there is no more");
    } finally {
      ended.push(text);
    }
  }
  async function* mapped(source: AsyncIterable<string>, map: (word: string) => object): AsyncGenerator<object> {
    for await (const word of source) yield map(word);
  }

  before(async () => {
    const named = (request: any, call: Call): object => mapped(words(request, call), (name) => ({ name }));
    const raw = (request: any, call: Call): object =>
      mapped(words({ text: request.id }, call), (word) => ({ contentType: "text/x-word", data: Buffer.from(word) }));
    const handlers = { list: named, names: named, download: raw };
    const port = await startOwnApi(suite, { service: FLOWS, handlers }, createTestExecutions(suite));
    url = `http://127.0.0.1:${port.address.port}`;
  });

  const get = (path: string, accept = "*/*"): Promise<Response> => fetch(`${url}${path}`, { headers: { accept } });

  const cases: readonly { path: string; accept?: string; type: string; body: string }[] = [
    { path: "/v1/stream?text=a%20b", type: "application/json", body: '[{"name":"a"},\n{"name":"b"}]' },
    {
      path: "/v1/stream?text=a%20b",
      accept: "application/jsonl",
      type: "application/x-ndjson",
      body: '{"name":"a"}\n{"name":"b"}\n',
    },
    { path: "/v1/names?text=a%20b", type: "application/json", body: '["a",\n"b"]' },
    { path: "/v1/raw/a%20b", type: "text/x-word", body: "ab" },
    {
      path: "/v1/stream?text=fails%20late",
      type: "application/json",
      body: '[{"name":"fails"},\n{"name":"late"},\n{"error":{"code":5,"message":"there is no more","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"TARGET_NOT_FOUND","domain":"interpose"}]}}]',
    },
  ];
  for (const { path, accept, type, body } of cases) {
    it(`answers GET ${path} that accepts ${accept ?? "anything"} with ${type}`, async () => {
      const answer = await get(path, accept);
      assert.deepEqual([answer.status, answer.headers.get("content-type"), await answer.text()], [200, type, body]);
    });
  }

  it("cuts a stream of bytes off that fails, since they have no place for an error", async (t) => {
    const answer = await get("/v1/raw/fails%20late");
    await assert.rejects(answer.text());
    const session = await openHttp2(t, url);
    await assert.rejects(http2Request(session, "GET", "/v1/raw/fails%20late"), /NGHTTP2_INTERNAL_ERROR/);
  });

  it("sends the head of a stream that has nothing to tell yet", async () => {
    const controller = new AbortController();
    const answer = await fetch(`${url}/v1/stream?text=wait`, { signal: controller.signal });
    assert.deepEqual([answer.status, ended.includes("wait")], [200, false]);
    controller.abort();
    await eventually("the handler has ended", () => ended.includes("wait"));
  });

  it("answers HEAD with the head, and follows no stream for it", async (t) => {
    begun.splice(0);
    const answer = await fetch(`${url}/v1/stream?text=wait`, { method: "HEAD" });
    assert.deepEqual([answer.status, answer.headers.get("content-type")], [200, "application/json"]);
    assert.equal(answer.headers.get("content-length"), null);
    const session = await openHttp2(t, url);
    const head = await http2Request(session, "HEAD", "/v1/stream?text=wait");
    assert.deepEqual([head.status, head.bytes.byteLength], [200, 0]);
    assert.deepEqual(begun, []);
  });
});
