// What is this host's own; what all hosts do is in ../../conformance.test.ts.
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { create, createFileRegistry, createRegistry, type DescService, type Message } from "@bufbuild/protobuf";
import {
  anyPack,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
  StringValueSchema,
} from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, createRouterTransport, type Interceptor } from "@connectrpc/connect";
import { Health } from "@interpose/protocol/gen/grpc/health/v1/health_pb";
import { StatusSchema } from "@interpose/protocol/gen/google/rpc/status_pb";
import { startTarget, type TestTarget } from "../../../../test/harness/target.ts";
import { createTestExecutions, type TestExecutions } from "../../../../test/hosts/executions.ts";
import { methodOf, SHOP } from "../../../../test/hosts/shop-api.ts";
import { interposeInterceptor, type InterposeInterceptorOptions } from "./index.ts";

interface World {
  readonly executions: TestExecutions;
  readonly target: TestTarget;
  readonly learned: DescService[];
}

/** A service behind the interceptor, called without a network, whose only other part is a target. */
async function open(
  t: { after(work: () => unknown): void },
  handlers: object,
  service: DescService = SHOP,
  options: InterposeInterceptorOptions = {},
): Promise<World & { readonly client: any }> {
  const executions = createTestExecutions(t);
  const target = await startTarget(t);
  const learned: DescService[] = [];
  const host = {
    ...executions,
    instanceId: "1",
    shownHeaders: [],
    learn: (services: readonly DescService[]) => learned.push(...services),
  };
  const transport = createRouterTransport((router) => void router.service(service, handlers), {
    router: { interceptors: [interposeInterceptor({ host }, options)] },
  });
  return { executions, target, learned, client: createClient(service, transport) };
}

const request = (init: object): Message => create(methodOf("Order").input, init as any);
const requests = (...counts: number[]): AsyncIterable<Message> =>
  Readable.from(counts.map((count) => request({ item: "tea", count })));

/** A service whose messages hold google.protobuf.Any. */
function statusService(): DescService {
  const file = create(FileDescriptorProtoSchema, {
    name: "status_service.proto",
    package: "test",
    syntax: "proto3",
    dependency: ["google/rpc/status.proto"],
    service: [
      {
        name: "Statuses",
        method: [{ name: "Get", inputType: ".google.rpc.Status", outputType: ".google.rpc.Status" }],
      },
    ],
  });
  const registry = createFileRegistry(file, () => StatusSchema.file);
  return registry.getService("test.Statuses") ?? assert.fail("there is no such service");
}

describe("the interceptor for connect-es", () => {
  it("ends a stream with the refusal also where the service does not notice it", async (t) => {
    const { client, executions, target } = await open(t, {
      async *chat(messages: AsyncIterable<Message>) {
        try {
          for await (const _ of messages) yield { text: "taken" };
        } catch {
          yield { text: "nothing happened" };
        }
      },
      async collect(messages: AsyncIterable<Message>) {
        try {
          for await (const _ of messages);
        } catch {
          // So much the better.
        }
        return { text: "all is well" };
      },
    });
    executions.set({ request: [{ endpoint: target.url }] });
    target.reply({ body: { forwardedStatusCode: 403, forwardedErrorMessage: "no" } });
    const isRefusal = (error: unknown): boolean =>
      error instanceof ConnectError && error.code === Code.PermissionDenied && error.rawMessage.startsWith("no ");
    await assert.rejects(client.collect(requests(1)), isRefusal);
    await assert.rejects(async () => {
      for await (const message of client.chat(requests(1))) assert.fail(`got ${String(message.text)}`);
    }, isRefusal);
  });

  it("ends a stream with the refusal also where the service waits for something else", async (t) => {
    const { client, executions, target } = await open(t, {
      async *chat(messages: AsyncIterable<Message>) {
        void (async () => {
          for await (const _ of messages);
        })().catch(() => undefined);
        yield { text: "begun" };
        await new Promise(() => undefined);
      },
    });
    executions.set({ request: [{ endpoint: target.url, type: "webhook" }] });
    target.reply(({ body }) => (body.request.count === 2 ? { status: 500 } : {}));
    const seen: string[] = [];
    await assert.rejects(
      async () => {
        for await (const message of client.chat(requests(1, 2))) seen.push(message.text);
      },
      { code: Code.FailedPrecondition },
    );
    assert.deepEqual(seen, ["begun"]);
  });

  it("shows targets an error that ends a stream, and not what became of a refusal", async (t) => {
    const { client, executions, target } = await open(t, {
      async *chat(messages: AsyncIterable<Message>) {
        for await (const _ of messages) yield { text: "taken" };
        throw new ConnectError("sold out", Code.ResourceExhausted);
      },
    });
    const read = async (): Promise<unknown> => {
      try {
        for await (const _ of client.chat(requests(1)));
        return undefined;
      } catch (error) {
        return (error as ConnectError).code;
      }
    };
    const options = { runOnErrors: true, hiddenFields: [] };
    executions.set({ response: [{ endpoint: target.url }] }, options);
    assert.equal(await read(), Code.ResourceExhausted);
    assert.deepEqual(target.calls[1]?.body.error, { code: "RESOURCE_EXHAUSTED", message: "sold out" });
    assert.deepEqual(target.calls[1].body.request, { item: "tea", count: 1 });
    target.reply(({ body }) => (body.error ? { body: { forwardedStatusCode: 404 } } : {}));
    assert.equal(await read(), Code.NotFound);
    target.calls.length = 0;
    executions.set({ request: [{ endpoint: target.url }], response: [{ endpoint: target.url }] }, options);
    target.reply(({ body }) => (body.response || body.error ? {} : { body: { forwardedStatusCode: 403 } }));
    assert.equal(await read(), Code.PermissionDenied);
    assert.equal(target.calls.length, 1);
  });

  it("shows details of an error whatever they are made of, and hands the error on", async (t) => {
    const own = createFileRegistry(
      create(FileDescriptorProtoSchema, {
        name: "own_detail.proto",
        package: "test",
        syntax: "proto3",
        messageType: [
          {
            name: "OwnDetail",
            field: [
              {
                name: "shelf_mark",
                jsonName: "shelfMark",
                number: 1,
                type: FieldDescriptorProto_Type.STRING,
                label: FieldDescriptorProto_Label.OPTIONAL,
              },
            ],
          },
        ],
      }),
      () => undefined,
    );
    const desc = own.getMessage("test.OwnDetail") ?? assert.fail("there is no such type");
    const thrown = new ConnectError("no tea", Code.NotFound, { "x-why": "sold out" });
    thrown.details = [
      { desc, value: { shelfMark: "A7" } },
      // As a client of another service has it, whose error is passed on.
      { type: "acme.Unknown", value: Uint8Array.of(1, 2, 3) },
    ];
    const { client, executions, target } = await open(t, {
      order: () => Promise.reject(thrown),
    });
    executions.set({ response: [{ endpoint: target.url }] }, { runOnErrors: true });
    const error: ConnectError = await client.order({ item: "tea" }).catch((caught: unknown) => caught);
    assert.deepEqual(
      [error.code, error.rawMessage, error.metadata.get("x-why")],
      [Code.NotFound, "no tea", "sold out"],
    );
    assert.equal(error.details.length, 2);
    assert.deepEqual(target.calls[0]?.body.error, {
      code: "NOT_FOUND",
      message: "no tea",
      details: [
        { "@type": "type.googleapis.com/test.OwnDetail", shelf_mark: "A7" },
        { "@type": "type.googleapis.com/acme.Unknown", value: "AQID" },
      ],
    });
  });

  it("takes what a service throws for a refusal for no error of its own, however long the call takes to end", async (t) => {
    const executions = createTestExecutions(t);
    const target = await startTarget(t);
    const host = { ...executions, instanceId: "1", shownHeaders: [], learn: () => undefined };
    let thrown = 0;
    const handlers = {
      async collect(messages: AsyncIterable<Message>) {
        try {
          for await (const _ of messages);
        } catch {
          thrown++;
          throw new ConnectError("could not be read", Code.DataLoss);
        }
      },
    };
    const slow: Interceptor = (next) => async (given) => {
      try {
        return await next(given);
      } finally {
        await setTimeout(30);
      }
    };
    const transport = createRouterTransport((router) => void router.service(SHOP, handlers as any), {
      router: { interceptors: [slow, interposeInterceptor({ host })] },
    });
    executions.set(
      { request: [{ endpoint: target.url }], response: [{ endpoint: target.url }] },
      { runOnErrors: true },
    );
    target.reply({ body: { forwardedStatusCode: 403, forwardedErrorMessage: "no" } });
    await assert.rejects((createClient(SHOP, transport) as any).collect(requests(1)), { code: Code.PermissionDenied });
    assert.deepEqual([thrown, target.calls.length], [1, 1]);
  });

  it("loses no error by a detail that is not of its type", async (t) => {
    const details = [{ desc: StringValueSchema, value: { value: 7 } as any }];
    const fails = (): Promise<never> => Promise.reject(new ConnectError("no tea", Code.NotFound, undefined, details));
    const { executions, target } = await open(t, {});
    executions.set({ response: [{ endpoint: target.url }] }, { runOnErrors: true });
    const intercept = interposeInterceptor({
      host: { ...executions, instanceId: "1", shownHeaders: [], learn: () => undefined },
    });
    const call: any = {
      stream: false,
      method: methodOf("Order"),
      url: "http://a/",
      header: new Headers(),
      message: request({}),
      signal: new AbortController().signal,
    };
    await assert.rejects(intercept(fails)(call), { code: Code.NotFound, rawMessage: "no tea" });
    assert.equal(target.calls[0]?.body.error.message, "no tea");
  });

  it("shows what clients are told of an error that is none of connect-es's, and not its text", async (t) => {
    const { client, executions, target } = await open(t, {
      order: () => Promise.reject(new Error("password of the database: secret")),
      // eslint-disable-next-line @typescript-eslint/require-await
      async *watch() {
        throw new Error("password of the database: secret");
      },
    });
    executions.set({ response: [{ endpoint: target.url }] }, { runOnErrors: true });
    const told: ConnectError = await client.order({ item: "tea" }).catch((caught: unknown) => caught);
    assert.deepEqual([told.code, told.rawMessage], [Code.Internal, "internal error"]);
    await assert.rejects(async () => {
      for await (const _ of client.watch({ item: "tea" }));
    }, told);
    const shown = { code: "INTERNAL", message: "internal error" };
    assert.deepEqual(
      target.calls.map(({ body }) => body.error),
      [shown, shown],
    );
  });

  it("asks for no more of a stream than its reader does", async (t) => {
    let made = 0;
    const { client, executions, target } = await open(t, {
      async *watch() {
        for (;;) yield await Promise.resolve({ text: String(++made) });
      },
    });
    executions.set({ response: [{ endpoint: target.url }] });
    let read = 0;
    for await (const _ of client.watch({ item: "tea" })) if (++read === 3) break;
    assert.ok(made <= 5, `${made} were made`);
    assert.equal(target.calls.length, made);
  });

  it("shows a response that comes before any request with an empty one", async (t) => {
    const { client, executions, target } = await open(t, {
      async *chat(messages: AsyncIterable<Message>) {
        yield { text: "welcome" };
        for await (const _ of messages) yield { text: "taken" };
      },
    });
    executions.set({ response: [{ endpoint: target.url }], request: [{ endpoint: target.url }] });
    for await (const _ of client.chat(requests(1)));
    assert.deepEqual(target.calls[0]?.body.request, {});
    assert.deepEqual(target.calls.at(-1)?.body.request, { item: "tea", count: 1 });
  });

  it("asks once who calls, and only where a target is called; what is thrown there ends the call", async (t) => {
    const asked: string[] = [];
    const caller = ({ header }: { header: Headers }): { userId: string } => {
      const user = header.get("user") ?? "";
      asked.push(user);
      if (user === "") throw new ConnectError("who are you?", Code.Unauthenticated);
      return { userId: user };
    };
    const { client, executions, target } = await open(t, { order: () => ({ text: "tea" }) }, SHOP, { caller });
    await client.order({});
    assert.deepEqual(asked, []);
    executions.set({ request: [{ endpoint: target.url }], response: [{ endpoint: target.url }] });
    await client.order({}, { headers: { user: "ada" } });
    assert.deepEqual(asked, ["ada"]);
    assert.deepEqual(
      target.calls.map(({ body }) => body.userID),
      ["ada", "ada"],
    );
    await assert.rejects(client.order({}), { code: Code.Unauthenticated, rawMessage: "who are you?" });
    assert.equal(target.calls.length, 2);
  });

  it("lets a service's error stand where it cannot be told who calls", async (t) => {
    const caller = (): never => {
      throw new TypeError("there is no user");
    };
    const order = (): Promise<never> => Promise.reject(new ConnectError("who are you?", Code.Unauthenticated));
    const { client, executions, target } = await open(t, { order }, SHOP, { caller });
    executions.set({ response: [{ endpoint: target.url }] }, { runOnErrors: true });
    await assert.rejects(client.order({}), { code: Code.Unauthenticated, rawMessage: "who are you?" });
    assert.equal(target.calls.length, 0);
  });

  it("learns of a service by its first call", async (t) => {
    const { client, learned } = await open(t, { order: () => ({ text: "tea" }) });
    assert.deepEqual(learned, []);
    await client.order({});
    await client.order({});
    assert.deepEqual(
      learned.map(({ typeName }) => typeName),
      ["shop.v1.Shop"],
    );
  });

  it("never hooks health, so that a broken target cannot get the service killed", async (t) => {
    const { client, executions, target } = await open(t, { check: () => ({ status: 1 }) }, Health);
    executions.set({ request: [{ endpoint: "http://127.0.0.1:1/" }], response: [{ endpoint: target.url }] });
    assert.equal((await client.check({ service: "" })).status, 1);
  });

  it("reads google.protobuf.Any with the types that it is given", async (t) => {
    const executions = createTestExecutions(t);
    const target = await startTarget(t);
    const registry = createRegistry(StringValueSchema);
    const host = { ...executions, instanceId: "1", shownHeaders: [], learn: () => undefined };
    const service = statusService();
    const transport = createRouterTransport(
      (router) => void router.service(service, { get: (message: Message) => message } as any),
      { router: { interceptors: [interposeInterceptor({ host }, { registry })] } },
    );
    executions.set({ request: [{ endpoint: target.url, type: "webhook" }] });
    const details = [anyPack(StringValueSchema, create(StringValueSchema, { value: "within" }))];
    await (createClient(service, transport) as any).get({ code: 1, details });
    assert.deepEqual(target.calls[0]?.body.request.details, [
      { "@type": "type.googleapis.com/google.protobuf.StringValue", value: "within" },
    ]);
  });
});
