import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import { before, beforeEach, describe, it } from "node:test";
import { create, type DescService, type Message } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  compressionBrotli,
  compressionGzip,
  connectNodeAdapter,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { createTargetCaller } from "@interpose/caller";
import { compileSnapshot } from "@interpose/engine";
import { BadRequestSchema } from "@interpose/protocol/gen/google/rpc/error_details_pb";
import { cleanUp, forSuite, type Cleanup } from "../../../test/harness/cleanup.ts";
import { eventually } from "../../../test/harness/eventually.ts";
import { SHOP_PROTOS } from "../../../test/harness/shop.ts";
import { snapshotOf } from "../../../test/harness/snapshot.ts";
import { startTarget, type TestTarget } from "../../../test/harness/target.ts";
import { TEST_SIGNING } from "../../../test/harness/test-keys.ts";
import { createPlanRunner } from "../run-plan.ts";
import { loadDescriptors, type Descriptors } from "./descriptors/index.ts";
import type { Spoken } from "./protocols/index.ts";
import { startGateway, type Gateway } from "./index.ts";

const SHOP = "shop.v1.Shop";
const NOTHING = compileSnapshot({ revision: 1n, targets: new Map(), executions: new Map() });

/** The shop served by Connect's server for Node, which speaks gRPC, gRPC-Web and Connect. */
async function startTalkativeShop(t: Cleanup, service: DescService) {
  const seen: { readonly protocol: string; readonly message: any; readonly header: Headers }[] = [];
  const state = { cancelled: 0 };
  const note = (message: any, context: any): void => {
    seen.push({ protocol: context.protocolName, message, header: context.requestHeader });
    context.signal.addEventListener("abort", () => state.cancelled++);
    context.responseHeader.set("x-shop-head", "open");
    context.responseTrailer.set("x-shop-tail", "closed");
    context.responseTrailer.set("x-shop-bin", "AQID");
  };
  const answer = ({ item, count }: any) => ({ text: `${count} ${item}`, total: count });
  const handler = connectNodeAdapter({
    acceptCompression: [compressionGzip, compressionBrotli],
    compressMinBytes: 100,
    routes: (router) => {
      router.service(service, {
        async order(message: any, context: any) {
          note(message, context);
          if (message.item === "slow")
            await new Promise((_resolve, reject) => context.signal.addEventListener("abort", reject));
          if (message.item === "bad") {
            const details = [
              { desc: BadRequestSchema, value: { fieldViolations: [{ field: "item", description: "is bad" }] } },
            ];
            throw new ConnectError("no such item: 100% ✗", Code.FailedPrecondition, { "x-why": "bad" }, details);
          }
          return answer(message);
        },
        async *watch(message: any, context: any) {
          note(message, context);
          await nextTurn();
          for (let i = 1; i <= message.count; i++) yield { text: `${message.item} ${i}`, total: i };
          if (message.item === "bad") throw new ConnectError("sold out", Code.ResourceExhausted);
        },
        async collect(messages: AsyncIterable<any>, context: any) {
          let total = 0;
          for await (const message of messages) {
            note(message, context);
            total += Number(message.count);
          }
          return { text: "collected", total };
        },
        async *chat(messages: AsyncIterable<any>, context: any) {
          for await (const message of messages) {
            note(message, context);
            yield answer(message);
          }
        },
        peek: (message: any, context: any) => {
          note(message, context);
          return answer(message);
        },
      } as any);
    },
  });
  const server = createServer(handler as any).listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUp(t, () => void server.close());
  return { port: (server.address() as AddressInfo).port, seen, state };
}

interface Way {
  readonly name: string;
  readonly protocol: string;
  readonly isDuplex: boolean;
  readonly transport: (baseUrl: string) => Transport;
}

const gzip = { acceptCompression: [compressionGzip, compressionBrotli], compressMinBytes: 100 };
const WAYS: readonly Way[] = (["2", "1.1"] as const).flatMap((httpVersion) =>
  [true, false].flatMap((useBinaryFormat) => {
    const form = `${useBinaryFormat ? "protobuf" : "JSON"} over HTTP/${httpVersion}`;
    const isDuplex = httpVersion === "2";
    return [
      {
        name: `Connect with ${form}`,
        protocol: "connect",
        isDuplex,
        transport: (baseUrl: string) =>
          createConnectTransport({ baseUrl, httpVersion, useBinaryFormat, ...gzip, sendCompression: compressionGzip }),
      },
      {
        name: `gRPC-Web with ${form}`,
        protocol: "grpc-web",
        isDuplex,
        transport: (baseUrl: string) =>
          createGrpcWebTransport({
            baseUrl,
            httpVersion,
            useBinaryFormat,
            ...gzip,
            sendCompression: compressionBrotli,
          }),
      },
      ...(isDuplex
        ? [
            {
              name: `gRPC with ${form}`,
              protocol: "grpc",
              isDuplex,
              transport: (baseUrl: string) => createGrpcTransport({ baseUrl, useBinaryFormat, ...gzip }),
            },
          ]
        : []),
    ];
  }),
);

for (const speaks of [["grpc"], ["grpc", "grpc-web", "connect"]] as const) {
  describe(`a gateway before an API that speaks ${speaks.join(", ")}`, () => {
    let descriptors: Descriptors;
    let service: DescService;
    let shop: Awaited<ReturnType<typeof startTalkativeShop>>;
    let hook: TestTarget;
    let gateway: Gateway;
    let url: string;
    let snapshot = NOTHING;
    const suite = forSuite();
    before(async () => {
      descriptors = await loadDescriptors({ kind: "path", path: SHOP_PROTOS });
      service = descriptors.registry.getService(SHOP) ?? assert.fail();
      shop = await startTalkativeShop(suite, service);
      hook = await startTarget(suite);
      const targets = createTargetCaller({ egressAllow: ["127.0.0.0/8"], ...TEST_SIGNING });
      cleanUp(suite, () => targets.close());
      gateway = await startGateway({
        listen: { host: "127.0.0.1", port: 0 },
        upstream: { url: new URL(`http://127.0.0.1:${shop.port}`) },
        descriptors: () => descriptors,
        snapshot: () => snapshot,
        instanceId: "1",
        onFault: (error) => {
          throw error;
        },
        maxMessageBytes: 100_000,
        speaks: new Set<Spoken>(speaks),
        corsAllowedOrigins: ["https://app.example"],
        run: createPlanRunner({ targets, newRunId: () => "7", onRun: () => undefined }),
      });
      cleanUp(suite, () => gateway.drain(0));
      url = `http://127.0.0.1:${gateway.address.port}`;
    });
    beforeEach(() => {
      snapshot = NOTHING;
      shop.seen.length = 0;
      hook.calls.length = 0;
      hook.reply({});
    });

    for (const { name, protocol, isDuplex, transport } of WAYS) {
      describe(`called in ${name}`, () => {
        const heads = { header: new Headers(), trailer: new Headers() };
        const options = {
          headers: { "x-mine": "hello", "x-mine-bin": "AQID" },
          onHeader: (header: Headers) => void (heads.header = header),
          onTrailer: (trailer: Headers) => void (heads.trailer = trailer),
        };
        const client = (): any => createClient(service, transport(url));
        const message = (schema: number, given: object): Message =>
          create(
            (schema === 0 ? service.method.order?.input : service.method.order?.output) ?? assert.fail(),
            given as any,
          );
        const read = async (stream: AsyncIterable<any>): Promise<{ texts: string[]; error: any }> => {
          const texts: string[] = [];
          try {
            for await (const { text } of stream) texts.push(text);
          } catch (error) {
            return { texts, error };
          }
          return { texts, error: undefined };
        };
        const expected = (speaks as readonly string[]).includes(protocol) ? protocol : "grpc";
        const everything = (): void =>
          void (snapshot = snapshotOf({ request: { endpoint: hook.url }, response: { endpoint: hook.url } }));

        it("passes a call that nothing hooks, with headers and trailers both ways", async () => {
          const long = "tea".repeat(1000);
          const answer = await client().order({ item: long, count: 2 }, options);
          assert.equal(answer.text, `2 ${long}`);
          assert.equal(shop.seen[0]?.protocol, expected);
          assert.equal(shop.seen[0].header.get("x-mine"), "hello");
          assert.equal(shop.seen[0].header.get("x-mine-bin"), "AQID");
          assert.equal(shop.seen[0].header.get("x-forwarded-for"), "127.0.0.1");
          assert.equal(heads.header.get("x-shop-head"), "open");
          assert.equal(heads.trailer.get("x-shop-tail"), "closed");
          assert.equal(heads.trailer.get("x-shop-bin"), "AQID");
        });

        it("passes an error with its code, text, details and metadata", async () => {
          for (const isHooked of [false, true]) {
            if (isHooked) everything();
            const error: any = await client()
              .order({ item: "bad" }, options)
              .catch((thrown: unknown) => thrown);
            assert.equal(error.code, Code.FailedPrecondition);
            assert.equal(error.rawMessage, "no such item: 100% ✗");
            assert.equal(error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field, "item");
            assert.equal(error.metadata.get("x-why"), "bad");
            assert.equal(error.metadata.get("x-shop-tail"), "closed");
          }
          assert.equal(hook.calls.length, 1, "an error is no response");
        });

        it("shows targets requests and responses, and passes on what they make of them", async () => {
          everything();
          const long = "coffee".repeat(100);
          hook.reply(({ body }) => ({
            body: body.response ? { ...body.response, total: 9 } : { ...body.request, item: long },
          }));
          const answer = await client().order({ item: "tea".repeat(500), count: 2, password: "secret" }, options);
          assert.equal(answer.text, `2 ${long}`);
          assert.equal(answer.total, 9);
          assert.equal(shop.seen[0]?.message.password, "secret");
          assert.deepEqual(hook.calls[0]?.body.request, { item: "tea".repeat(500), count: 2 });
          assert.equal(heads.trailer.get("x-shop-tail"), "closed");
        });

        it("keeps a hooked message as it is that no target changes", async () => {
          everything();
          const long = "tea".repeat(1000);
          assert.equal((await client().order({ item: long, count: 2 }, options)).text, `2 ${long}`);
          assert.equal(hook.calls.length, 2);
        });

        it("refuses a request, and a response, with the error of the protocol", async () => {
          everything();
          for (const side of ["request", "response"]) {
            hook.reply(({ body }) =>
              side === (body.response ? "response" : "request")
                ? { body: { forwardedStatusCode: 403, forwardedErrorMessage: `not this ${side}` } }
                : {},
            );
            const error: any = await client()
              .order({ item: "tea" })
              .catch((thrown: unknown) => thrown);
            assert.equal(error.code, Code.PermissionDenied);
            assert.match(error.rawMessage, new RegExp(`^not this ${side}`));
          }
          assert.equal(shop.seen.length, 1);
        });

        it("looks at each message of a stream on its way down, in order, up to the one that is refused", async () => {
          const { texts, error } = await read(client().watch({ item: "tea", count: 3 }, options));
          assert.deepEqual([texts, error], [["tea 1", "tea 2", "tea 3"], undefined]);
          assert.equal(heads.trailer.get("x-shop-tail"), "closed");
          everything();
          hook.reply(({ body }) => {
            if (!body.response) return {};
            return body.response.total === 3
              ? { body: { forwardedStatusCode: 404, forwardedErrorMessage: "enough" } }
              : { body: { ...body.response, text: `hooked ${body.response.total}` } };
          });
          const hooked = await read(client().watch({ item: "tea", count: 5 }));
          assert.deepEqual(hooked.texts, ["hooked 1", "hooked 2"]);
          assert.equal(hooked.error?.code, Code.NotFound);
        });

        it("ends a stream with the API's own error", async () => {
          for (const isHooked of [false, true]) {
            if (isHooked) everything();
            const { texts, error } = await read(client().watch({ item: "bad", count: 2 }));
            assert.deepEqual(texts, ["bad 1", "bad 2"]);
            assert.equal(error?.code, Code.ResourceExhausted);
            assert.equal(error.rawMessage, "sold out");
          }
        });

        it("shows targets the API's errors where their execution asks for that, and lets them refuse in their place", async () => {
          snapshot = snapshotOf(
            { response: { endpoint: hook.url } },
            { runOnErrors: true, hiddenFields: ["item", "**.description"] },
          );
          const errorOf = (call: Promise<unknown>): Promise<any> => call.catch((thrown: unknown) => thrown);
          hook.reply({ body: { text: "made up", error: {} } });
          const error = await errorOf(client().order({ item: "bad", count: 1 }, options));
          assert.equal(error.code, Code.FailedPrecondition);
          assert.equal(error.rawMessage, "no such item: 100% ✗");
          assert.equal(error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.description, "is bad");
          assert.equal(error.metadata.get("x-why"), "bad");
          const { request, response, error: shown } = hook.calls[0]?.body ?? assert.fail();
          assert.deepEqual([request, response], [{ count: 1 }, undefined]);
          assert.deepEqual(shown, {
            code: "FAILED_PRECONDITION",
            message: "no such item: 100% ✗",
            details: [{ "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: [{ field: "item" }] }],
          });
          hook.reply(({ body }) => (body.error ? { body: { forwardedStatusCode: 404 } } : {}));
          assert.equal((await errorOf(client().order({ item: "bad" }))).code, Code.NotFound);
          assert.equal((await client().order({ item: "tea", count: 1 })).text, "1 tea", "a success is none");
          hook.calls.length = 0;
          const { texts, error: end } = await read(client().watch({ item: "bad", count: 2 }));
          assert.deepEqual(texts, ["bad 1", "bad 2"]);
          assert.equal(end?.code, Code.NotFound);
          assert.deepEqual(
            hook.calls.map(({ body }) => body.error?.code ?? body.response.total),
            [1, 2, "RESOURCE_EXHAUSTED"],
          );
        });

        it("looks at each message of a stream on its way up", async () => {
          const messages = (): AsyncIterable<Message> =>
            Readable.from(Array.from({ length: 5 }, (_, i) => message(0, { item: "tea", count: i + 1 })));
          assert.equal((await client().collect(messages())).total, 15);
          snapshot = snapshotOf({ request: { endpoint: hook.url } });
          hook.reply(({ body }) => ({ body: { ...body.request, count: body.request.count * 10 } }));
          assert.equal((await client().collect(messages())).total, 150);
        });

        if (isDuplex) {
          it("lets both sides of a conversation speak in turns, hooked or not", async () => {
            for (const isHooked of [false, true]) {
              if (isHooked) everything();
              let next: (count: number) => void = () => undefined;
              const counts = [1];
              const messages = async function* (): AsyncIterable<Message> {
                for (let count = counts.shift() ?? 0; count < 5;) {
                  yield message(0, { item: "tea", count });
                  count = await new Promise<number>((resolve) => void (next = resolve));
                }
              };
              const totals: number[] = [];
              for await (const { total } of client().chat(messages())) {
                totals.push(total);
                next(Number(total) + 1);
              }
              assert.deepEqual(totals, [1, 2, 3, 4]);
            }
          });
        }

        it("gives the API the time that targets have left", async () => {
          everything();
          hook.reply(async () => {
            await delay(150);
            return {};
          });
          await client().order({ item: "tea", count: 1 }, { timeoutMs: 10_000 });
          const { header } = shop.seen[0] ?? assert.fail();
          const leftMs = Number.parseInt(header.get("grpc-timeout") ?? header.get("connect-timeout-ms") ?? "", 10);
          assert.ok(leftMs > 5_000 && leftMs < 9_880, String(leftMs));
        });

        it("passes a deadline's end, and a cancellation", async () => {
          shop.state.cancelled = 0;
          const error: any = await client()
            .order({ item: "slow" }, { timeoutMs: 300 })
            .catch((thrown: unknown) => thrown);
          assert.equal(error.code, Code.DeadlineExceeded);
          await eventually("the end of the call", () => shop.state.cancelled > 0);
          const abort = new AbortController();
          shop.state.cancelled = 0;
          const pending = client().order({ item: "slow" }, { signal: abort.signal });
          await eventually("the call is there", () => shop.seen.length === 2);
          abort.abort();
          await assert.rejects(pending, { code: Code.Canceled });
          await eventually("the end of the call", () => shop.state.cancelled > 0);
        });

        it("bounds the messages that are read, and says so", async () => {
          everything();
          const error: any = await client()
            .order({ item: "x".repeat(200_000) })
            .catch((thrown: unknown) => thrown);
          assert.equal(error.code, Code.ResourceExhausted);
          assert.match(error.rawMessage, /100000 bytes/);
          assert.equal(shop.seen.length, 0);
        });
      });
    }

    it("lets pages of allowed origins read what it writes itself, and no others", async () => {
      const isTranslated = speaks.length === 1;
      const ask = (origin: string, path = `/${SHOP}/Order`): Promise<Response> =>
        fetch(url + path, {
          method: "OPTIONS",
          headers: {
            origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "content-type,x-mine",
          },
        });
      const asked = await ask("https://app.example");
      // Connect's server for Node does not answer preflights by itself.
      assert.equal(asked.status === 204, isTranslated);
      if (isTranslated) {
        assert.equal(asked.headers.get("access-control-allow-origin"), "https://app.example");
        assert.equal(asked.headers.get("access-control-allow-headers"), "content-type,x-mine");
      }
      assert.notEqual((await ask("https://evil.example")).status, 204);
      assert.notEqual((await ask("https://app.example", "/nothing")).status, 204);
      const call = (origin: string): Promise<Response> =>
        fetch(`${url}/${SHOP}/Order`, {
          method: "POST",
          headers: { origin, "content-type": "application/json" },
          body: '{"item":"tea"}',
        });
      const readable = async (origin: string): Promise<string | null> =>
        (await call(origin)).headers.get("access-control-allow-origin");
      assert.equal(await readable("https://app.example"), isTranslated ? "https://app.example" : null);
      assert.equal(await readable("https://evil.example"), null);
      snapshot = snapshotOf({ request: { endpoint: hook.url } });
      hook.reply({ body: { forwardedStatusCode: 403 } });
      assert.equal(await readable("https://app.example"), "https://app.example", "a refusal is the gateway's own");
      assert.equal(await readable("https://evil.example"), null);
    });

    it("takes Connect's GET where a method has no side effects, and refuses it elsewhere", async () => {
      const transport = createConnectTransport({ baseUrl: url, httpVersion: "1.1", useHttpGet: true });
      const client: any = createClient(service, transport);
      assert.equal((await client.peek({ item: "tea", count: 1 })).text, "1 tea");
      snapshot = snapshotOf({ request: { endpoint: hook.url } });
      hook.reply(({ body }) => ({ body: { ...body.request, count: 7 } }));
      assert.equal((await client.peek({ item: "tea & more", count: 1 })).text, "7 tea & more");
      const query = `connect=v1&encoding=json&message=${encodeURIComponent('{"item":"tea"}')}`;
      assert.equal((await fetch(`${url}/${SHOP}/Peek?${query}`)).status, 200);
      assert.equal((await fetch(`${url}/${SHOP}/Order?${query}`)).status, 405);
    });
  });
}
