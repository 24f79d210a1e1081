// What is this host's own; what all hosts do is in ../../conformance.test.ts.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  create,
  createRegistry,
  fromBinary,
  toBinary,
  type DescMessage,
  type DescService,
  type Message,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import {
  credentials,
  makeGenericClientConstructor,
  Metadata,
  Server,
  ServerCredentials,
  status,
  type MethodDefinition,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { InterposeError } from "@interpose/engine";
import { StatusSchema } from "@interpose/protocol/gen/google/rpc/status_pb";
import { Health } from "@interpose/protocol/gen/grpc/health/v1/health_pb";
import { cleanUp, type Cleanup } from "../../../../test/harness/cleanup.ts";
import { eventually } from "../../../../test/harness/eventually.ts";
import { detailsOf, serviceError, unary } from "../../../../test/harness/grpc-js.ts";
import { readStream, SHOP_SERVICE } from "../../../../test/harness/shop.ts";
import { startTarget, type TestTarget } from "../../../../test/harness/target.ts";
import { createTestExecutions, type TestExecutions } from "../../../../test/hosts/executions.ts";
import { SHOP } from "../../../../test/hosts/shop-api.ts";
import { interposeInterceptor, type InterposeInterceptorOptions } from "./index.ts";

interface World {
  readonly client: any;
  readonly executions: TestExecutions;
  readonly target: TestTarget;
  readonly learned: DescService[];
}

/** A service behind the interceptor, and a client of it. */
async function open(
  t: Cleanup,
  service: ServiceDefinition,
  handlers: UntypedServiceImplementation,
  options: InterposeInterceptorOptions,
): Promise<World> {
  const executions = createTestExecutions(t);
  const target = await startTarget(t);
  const learned: DescService[] = [];
  const host = {
    ...executions,
    instanceId: "1",
    shownHeaders: [],
    learn: (services: readonly DescService[]) => learned.push(...services),
  };
  const server = new Server({ interceptors: [interposeInterceptor({ host }, options)] });
  server.addService(service, handlers);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  cleanUp(t, () => server.forceShutdown());
  const Client = makeGenericClientConstructor(service, "");
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  cleanUp(t, () => client.close());
  return { client, executions, target, learned };
}

/** A service as code generators write it: functions between objects and bytes, and no descriptors. */
function generated(service: DescService): ServiceDefinition {
  const serialize = (schema: DescMessage) => (message: Message) =>
    Buffer.from(toBinary(schema, create(schema, message as any)));
  const deserialize = (schema: DescMessage) => (bytes: Buffer) => fromBinary(schema, bytes);
  const methods = service.methods.map(({ name, input, output, methodKind }): [string, MethodDefinition<any, any>] => [
    name,
    {
      path: `/${service.typeName}/${name}`,
      requestStream: methodKind === "client_streaming" || methodKind === "bidi_streaming",
      responseStream: methodKind === "server_streaming" || methodKind === "bidi_streaming",
      requestSerialize: serialize(input),
      requestDeserialize: deserialize(input),
      responseSerialize: serialize(output),
      responseDeserialize: deserialize(output),
    },
  ]);
  return Object.fromEntries(methods);
}

const GENERATED = generated(SHOP);
const onlyOrder = (Order: UntypedServiceImplementation[string]): UntypedServiceImplementation => ({ Order });
const echo = onlyOrder((call: any, callback: any) =>
  callback(null, { text: call.request.item, total: call.request.count }),
);

/** Trailers of an error, with details as they are on the wire. */
function detailed(details: Uint8Array): Metadata {
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(details));
  metadata.set("x-why", "sold out");
  return metadata;
}

describe("the interceptor for @grpc/grpc-js", () => {
  const descriptors = {
    "a registry": createRegistry(SHOP),
    "a set of descriptors": toBinary(
      FileDescriptorSetSchema,
      create(FileDescriptorSetSchema, { file: [...SHOP.file.dependencies.map(({ proto }) => proto), SHOP.file.proto] }),
    ),
  };
  for (const [what, given] of Object.entries(descriptors)) {
    it(`hooks a service of generated code, with ${what}`, async (t) => {
      const options = { services: [GENERATED], descriptors: given };
      const { client, executions, target, learned } = await open(t, GENERATED, echo, options);
      executions.set({ request: [{ endpoint: target.url }], response: [{ endpoint: target.url }] });
      target.reply(({ body }) => ({ body: body.response ? { text: "changed" } : { count: 3 } }));
      const { text, total } = await unary(client, "Order", { item: "tea", count: 1, password: "secret" });
      assert.deepEqual([text, total], ["changed", 3]);
      assert.deepEqual(target.calls[0]?.body.request, { item: "tea", count: 1 });
      assert.deepEqual(
        learned.map(({ typeName }) => typeName),
        ["shop.v1.Shop"],
      );
    });
  }

  const undescribed: readonly {
    readonly title: string;
    readonly options: InterposeInterceptorOptions;
    readonly says: RegExp;
  }[] = [
    {
      title: "a service without descriptors",
      options: { services: [GENERATED] },
      says: /\/shop\.v1\.Shop\/Order is not described/,
    },
    {
      title: "a service that the descriptors do not have",
      options: { services: [GENERATED], descriptors: createRegistry(Health) },
      says: /\/shop\.v1\.Shop\/Order is not described/,
    },
    {
      title: "descriptors that are none",
      options: { services: [GENERATED], descriptors: Buffer.from("nonsense") },
      says: /cannot be used/,
    },
    {
      title: "descriptors without their imports",
      options: {
        services: [GENERATED],
        descriptors: toBinary(
          FileDescriptorSetSchema,
          create(FileDescriptorSetSchema, { file: [{ ...SHOP.file.proto, dependency: ["not/there.proto"] }] }),
        ),
      },
      says: /not\/there\.proto/,
    },
  ];
  for (const { title, options, says } of undescribed) {
    it(`refuses ${title} at once`, (t) => {
      const host = { ...createTestExecutions(t), instanceId: "1", shownHeaders: [], learn: () => undefined };
      assert.throws(() => interposeInterceptor({ host }, options), { reason: "descriptors_invalid", message: says });
    });
  }

  it("lets nobody past a hook by a service that it was not given, and passes that when nothing hooks it", async (t) => {
    const { client, executions, target } = await open(t, SHOP_SERVICE, echo, { services: [] });
    assert.equal((await unary(client, "Order", { item: "tea" })).text, "tea");
    executions.set({ response: [{ endpoint: target.url }] });
    const error = await serviceError(unary(client, "Order", { item: "tea" }));
    assert.equal(error.code, status.UNAVAILABLE);
    assert.match(error.details, /does not know its service/);
    assert.equal(detailsOf(error).details.get("google.rpc.ErrorInfo").reason, "METHOD_NOT_DESCRIBED");
    assert.equal(target.calls.length, 0);
  });

  it("sends details with a refusal, and a text that is no ASCII", async (t) => {
    const { client, executions, target } = await open(t, SHOP_SERVICE, echo, { services: [SHOP_SERVICE] });
    executions.set({ request: [{ endpoint: target.url }] });
    target.reply({ body: { forwardedStatusCode: 404, forwardedErrorMessage: "kein Süßstoff" } });
    const error = await serviceError(unary(client, "Order", { item: "tea" }));
    assert.deepEqual([error.code, error.details], [status.NOT_FOUND, "kein Süßstoff (EXEC-reUaUZCzCp)"]);
    const { code, message, details } = detailsOf(error);
    assert.deepEqual([code, message], [5, error.details]);
    assert.equal(details.get("zitadel.v1.ErrorDetail").id, "EXEC-reUaUZCzCp");
  });

  it("sends an error behind the message that was written before it, which a target still looks at", async (t) => {
    const handlers = {
      Watch(call: any) {
        call.write({ text: "first" });
        call.emit("error", { code: status.ABORTED, details: "that was it" });
      },
    };
    const { client, executions, target } = await open(t, SHOP_SERVICE, handlers, { services: [SHOP_SERVICE] });
    for (const runOnErrors of [false, true]) {
      executions.set({ response: [{ endpoint: target.url }] }, { runOnErrors });
      const { messages, error } = await readStream(client.Watch({ item: "tea" }));
      assert.deepEqual(
        messages.map(({ text }) => text),
        ["first"],
      );
      assert.deepEqual([error.code, error.details], [status.ABORTED, "that was it"]);
    }
    assert.deepEqual(
      target.calls.map(({ body }) => body.error?.code),
      [undefined, undefined, "ABORTED"],
    );
  });

  const errors: readonly { readonly title: string; readonly error: object; readonly shown: object }[] = [
    {
      title: "an error without metadata",
      error: { code: status.ABORTED, details: "100% ✗" },
      shown: { code: "ABORTED", message: "100% ✗" },
    },
    {
      title: "details that are none",
      error: { code: status.NOT_FOUND, details: "no tea", metadata: detailed(Buffer.from("nonsense")) },
      shown: { code: "NOT_FOUND", message: "no tea" },
    },
    {
      title: "details of a type that nobody knows",
      error: {
        code: status.NOT_FOUND,
        details: "no tea",
        metadata: detailed(
          toBinary(
            StatusSchema,
            create(StatusSchema, {
              code: 5,
              message: "no tea",
              details: [{ typeUrl: "type.googleapis.com/acme.Unknown", value: Uint8Array.of(1, 2, 3) }],
            }),
          ),
        ),
      },
      shown: {
        code: "NOT_FOUND",
        message: "no tea",
        details: [{ "@type": "type.googleapis.com/acme.Unknown", value: "AQID" }],
      },
    },
    { title: "an error of JavaScript", error: new Error("oh"), shown: { code: "UNKNOWN", message: "oh" } },
  ];
  for (const { title, error, shown } of errors) {
    it(`shows ${title}, and hands it on with its metadata`, async (t) => {
      const fails = onlyOrder((_call: any, callback: any) => callback(error));
      const { client, executions, target } = await open(t, SHOP_SERVICE, fails, { services: [SHOP_SERVICE] });
      const told = await serviceError(unary(client, "Order", { item: "tea" }));
      executions.set({ response: [{ endpoint: target.url }] }, { runOnErrors: true });
      const again = await serviceError(unary(client, "Order", { item: "tea" }));
      assert.deepEqual([again.code, again.details], [told.code, told.details]);
      for (const key of ["grpc-status-details-bin", "x-why"])
        assert.deepEqual(again.metadata.get(key), told.metadata.get(key));
      assert.deepEqual(
        target.calls.map(({ body }) => body.error),
        [shown],
      );
    });
  }

  it("sends nothing of what a service writes behind an error that a target looks at", async (t) => {
    const handlers = {
      Chat(call: any) {
        call.on("data", () => undefined);
        call.write({ text: "first" });
        // While a target looks at the first. A stream of grpc-js waits for that; whoever writes below it need not.
        call.call.sendStatus({ code: status.ABORTED, details: "that was it" });
        call.write({ text: "second" });
        call.call.sendStatus({ code: status.OK, details: "all is well" });
      },
    };
    const { client, executions, target } = await open(t, SHOP_SERVICE, handlers, { services: [SHOP_SERVICE] });
    executions.set(
      { response: [{ endpoint: target.url }], request: [{ endpoint: target.url }] },
      { runOnErrors: true },
    );
    const call = client.Chat();
    target.reply(async ({ body }) => {
      // A message that comes while the error is looked at has nobody to read it.
      if (body.error) call.write({ item: "too late" });
      await new Promise((resolve) => setTimeout(resolve, 50));
      return {};
    });
    const { messages, error } = await readStream(call);
    assert.deepEqual(
      messages.map(({ text }) => text),
      ["first"],
    );
    assert.deepEqual([error.code, error.details], [status.ABORTED, "that was it"]);
    assert.deepEqual(
      target.calls.map(({ body }) => body.response?.text ?? body.error?.code ?? body.request),
      ["first", "ABORTED"],
    );
  });

  it("holds a service up that writes faster than targets answer", async (t) => {
    let written = 0;
    const handlers = {
      Watch(call: any) {
        const write = (): void => {
          while (!call.cancelled) {
            written++;
            if (!call.write({ text: "x".repeat(10_000) })) {
              call.once("drain", write);
              return;
            }
          }
        };
        write();
      },
    };
    const { client, executions, target } = await open(t, SHOP_SERVICE, handlers, { services: [SHOP_SERVICE] });
    executions.set({ response: [{ endpoint: target.url }] });
    target.reply("hang");
    const call = client.Watch({ item: "tea" });
    call.on("error", () => undefined);
    await eventually("the target is called", () => target.calls.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    // What a writable of objects holds, and the one that is looked at.
    assert.ok(written <= 20, `${written} were written`);
    call.cancel();
    await eventually("the target's call ends", () => target.calls[0]?.isGone());
    assert.equal(target.calls.length, 1);
  });

  it("sends nothing of what a service writes behind a refusal", async (t) => {
    const handlers = {
      Chat(call: any) {
        call.on("data", () => undefined);
        call.on("error", () => undefined);
        call.write({ text: "hello" });
        const timer = setInterval(() => {
          if (!call.cancelled) call.write({ text: "more" });
        }, 1);
        call.on("cancelled", () => clearInterval(timer));
      },
    };
    const { client, executions, target } = await open(t, SHOP_SERVICE, handlers, { services: [SHOP_SERVICE] });
    executions.set({ request: [{ endpoint: target.url, type: "webhook" }] });
    target.reply({ status: 500 });
    const call = client.Chat();
    call.write({ item: "tea" });
    const { error } = await readStream(call);
    assert.equal(error.code, status.FAILED_PRECONDITION);
  });

  it("ends a call with what is thrown where it is asked who calls", async (t) => {
    const caller = (): never => {
      throw new InterposeError("unauthenticated", "Who are you?");
    };
    const options = { services: [SHOP_SERVICE], caller };
    const { client, executions, target } = await open(t, SHOP_SERVICE, echo, options);
    assert.equal((await unary(client, "Order", { item: "tea" })).text, "tea");
    executions.set({ request: [{ endpoint: target.url }] });
    const error = await serviceError(unary(client, "Order", { item: "tea" }));
    assert.deepEqual([error.code, error.details, target.calls.length], [status.UNAUTHENTICATED, "Who are you?", 0]);
  });

  it("never hooks health", async (t) => {
    const health = generated(Health);
    const handlers = { Check: (_call: any, callback: any) => callback(null, { status: 1 }) };
    const { client, executions } = await open(t, health, handlers, { services: [] });
    executions.set({ request: [{ endpoint: "http://127.0.0.1:1/" }] });
    assert.equal((await unary(client, "Check", { service: "" })).status, 1);
  });
});
