import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type DescMethod,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { Health } from "@interpose/protocol/gen/grpc/health/v1/health_pb";
import { StatusSchema } from "@interpose/protocol/gen/google/rpc/status_pb";
import { ConditionSchema } from "@interpose/protocol/gen/zitadel/action/v3alpha/execution_pb";
import { ActionService } from "@interpose/protocol/gen/zitadel/action/v3alpha/action_service_pb";
import grpcWeb, { type GrpcWebClientBase, type MethodDescriptor, type RpcError } from "grpc-web";
import { createTarget, methodName, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { eventually } from "./harness/eventually.ts";
import { ADMIN_TOKEN, startServer, type TestServer } from "./harness/server.ts";
import { startTarget } from "./harness/target.ts";
import { installXmlHttpRequest } from "./harness/xml-http-request.ts";

const LIMIT = 100_000;
const AUTHORIZED = { authorization: `Bearer ${ADMIN_TOKEN}` };
/** Calls with it run no executions: the one that hangs is for the calls under test alone. */
const BYPASSING = { ...AUTHORIZED, "interpose-bypass": "true" };

describe("gRPC-Web", () => {
  let server: TestServer;
  const suite = forSuite();
  before(async () => {
    installXmlHttpRequest();
    server = await startServer(suite, { env: { INTERPOSE_LIMITS_MAX_MESSAGE_BYTES: String(LIMIT) } });
  });

  for (const format of ["binary", "text"]) {
    describe(`from npm's grpc-web in the format ${format}`, () => {
      const client: GrpcWebClientBase = new grpcWeb.GrpcWebClientBase({ format });
      const call = <I extends DescMessage, O extends DescMessage>(
        method: DescMethod & { readonly input: I; readonly output: O },
        request: MessageInitShape<I>,
        metadata: Readonly<Record<string, string>> = BYPASSING,
        signal?: AbortSignal,
      ): Promise<MessageShape<O>> => {
        const descriptor = methodDescriptor(method);
        // The package's declarations name an older method in its place, and leave the options out here.
        const caller = client as unknown as { readonly unaryCall: GrpcWebClientBase["thenableCall"] };
        const url = `${server.url}${descriptor.getName()}`;
        return caller.unaryCall(url, create(method.input, request), metadata, descriptor, signal && { signal });
      };
      const { setExecution: set, listExecutions: list, deleteExecution: remove, listTargets } = ActionService.method;

      it("sets an execution, finds it in the list, and deletes it", async () => {
        const target = await createTarget(server, { endpoint: "https://example.com/" });
        const event = { case: "event", value: `web.${format}` } as const;
        const condition = create(ConditionSchema, { conditionType: { case: "event", value: { condition: event } } });
        const { details } = await call(set, { condition, targets: [{ type: { case: "target", value: target } }] });
        assert.equal(details?.sequence, 1n);
        const { result } = await call(list, {
          queries: [{ query: { case: "inConditionsQuery", value: { conditions: [condition] } } }],
        });
        assert.deepEqual(result[0]?.targets[0]?.type, { case: "target", value: target });
        assert.equal((await call(remove, { condition })).details?.sequence, 2n);
      });

      it("reads code, message and details of an error", async () => {
        const error = await rpcError(call(ActionService.method.getTargetByID, { targetId: "größer: 50%" }));
        assert.equal(error.code, grpcWeb.StatusCode.NOT_FOUND);
        assert.match(error.message, /größer: 50%.*\(QUERY-hj5oaniyrz\)$/);
        const bytes = Buffer.from(error.metadata["grpc-status-details-bin"] ?? "", "base64");
        const { code, message, details } = fromBinary(StatusSchema, bytes);
        assert.deepEqual([code, message], [5, error.message]);
        assert.deepEqual(
          details.map(({ typeUrl }) => typeUrl),
          ["type.googleapis.com/zitadel.v1.ErrorDetail", "type.googleapis.com/google.rpc.ErrorInfo"],
        );
      });

      it("is refused without a token", async () => {
        const error = await rpcError(call(listTargets, {}, {}));
        assert.equal(error.code, grpcWeb.StatusCode.UNAUTHENTICATED);
        assert.match(error.message, /There is no token/);
      });

      it("is told of a method that does not exist", async () => {
        const missing = { ...listTargets, name: "NoSuchMethod" } as typeof listTargets;
        const error = await rpcError(call(missing, {}));
        assert.equal(error.code, grpcWeb.StatusCode.UNIMPLEMENTED);
        assert.match(error.message, /no method .*NoSuchMethod/);
      });

      it("is refused a message of more than the limit, and goes on", async () => {
        const query = { case: "targetNameQuery", value: { targetName: "x".repeat(2 * LIMIT) } } as const;
        const error = await rpcError(call(listTargets, { queries: [{ query }] }));
        assert.equal(error.code, grpcWeb.StatusCode.RESOURCE_EXHAUSTED);
        assert.ok((await call(ActionService.method.listExecutionFunctions, {})).functions.length > 0);
      });

      it("lets a call be aborted, and the target be let go of", async (t) => {
        const hook = await startTarget(t, "hang");
        const target = await createTarget(server, { endpoint: hook.url, timeout: "60s" });
        await setExecution(server, { request: { method: methodName("ListTargets") } }, [target]);
        const abort = new AbortController();
        const outcome = rpcError(call(listTargets, {}, AUTHORIZED, abort.signal));
        await eventually("the target is called", () => hook.calls.length === 1);
        abort.abort();
        await outcome;
        await eventually("the target's caller is gone", () => hook.calls[0]?.isGone());
      });
    });
  }

  it("streams to npm's grpc-web in the format text, message by message", async () => {
    const client = new grpcWeb.GrpcWebClientBase({ format: "text" });
    const descriptor = methodDescriptor(Health.method.watch);
    const request = create(Health.method.watch.input, { service: "" });
    const stream = client.serverStreaming(`${server.url}${descriptor.getName()}`, request, {}, descriptor);
    const first = await new Promise<MessageShape<typeof Health.method.watch.output>>((resolve, reject) => {
      stream.on("data", resolve);
      stream.on("error", reject);
    });
    assert.equal(first.status, 1);
    stream.cancel();
  });

  describe("as text, byte by byte", () => {
    const path = methodName("ListExecutionFunctions");
    const post = async (
      body: Blob | string | ReadableStream,
      headers: Readonly<Record<string, string>>,
      rpc = path,
    ) => {
      const answer = await fetch(`${server.url}${rpc}`, {
        method: "POST",
        body,
        headers: { ...BYPASSING, ...headers },
        duplex: "half",
      });
      return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() };
    };
    const TEXT = "application/grpc-web-text";
    const empty = frame(Buffer.alloc(0)).toString("base64");

    const forms: readonly { type: string; accept: string | undefined; answer: string }[] = [
      { type: TEXT, accept: undefined, answer: `${TEXT}+proto` },
      { type: TEXT, accept: TEXT, answer: `${TEXT}+proto` },
      { type: `${TEXT}+proto`, accept: `${TEXT}+proto`, answer: `${TEXT}+proto` },
      { type: "application/grpc-web+proto", accept: TEXT, answer: `${TEXT}+proto` },
      { type: TEXT, accept: "application/grpc-web+proto", answer: "application/grpc-web+proto" },
      { type: "application/grpc-web", accept: "*/*", answer: "application/grpc-web+proto" },
    ];
    for (const { type, accept, answer } of forms) {
      it(`answers ${answer} to ${type} that accepts ${accept ?? "whatever"}`, async () => {
        const body = type.startsWith(TEXT) ? empty : new Blob([Buffer.from(empty, "base64")]);
        const given = await post(body, { "content-type": type, ...(accept && { accept }) });
        assert.deepEqual([given.status, given.type], [200, answer]);
        assert.equal(/^[A-Za-z0-9+/=]+$/.test(given.text), answer.startsWith(TEXT));
        if (answer.startsWith(TEXT)) assert.match(trailerOf(given.text), /grpc-status: 0/);
      });
    }

    it("reads base64 whose chunks end anywhere, and that is padded wherever the sender flushed", async () => {
      const request = {
        queries: [{ query: { case: "targetNameQuery", value: { targetName: "no such name" } } as const }],
      };
      const message = frame(
        toBinary(ActionService.method.listTargets.input, create(ActionService.method.listTargets.input, request)),
      );
      const flushes = [message.subarray(0, 1), message.subarray(1, 3), message.subarray(3, 8), message.subarray(8)];
      const text = flushes.map((flush) => flush.toString("base64")).join("");
      for (const size of [1, 3, 7, text.length]) {
        const chunks = text.match(new RegExp(`.{1,${size}}`, "g")) ?? [];
        const { text: answer } = await post(streamOf(chunks), { "content-type": TEXT }, methodName("ListTargets"));
        assert.match(trailerOf(answer), /grpc-status: 0/, `chunks of ${size}`);
      }
    });

    const broken: readonly { name: string; body: string; status: string }[] = [
      { name: "is no base64", body: "§$%&", status: "3" },
      { name: "ends inside of four characters", body: `${empty}AAA`, status: "3" },
      { name: "has padding inside of four characters", body: "A=AAAAA=", status: "3" },
      { name: "has line breaks", body: `${empty.slice(0, 4)}\r\n${empty.slice(4)}\r\n`, status: "3" },
    ];
    for (const { name, body, status } of broken) {
      it(`refuses a body that ${name}, as a message in the text form`, async () => {
        const answer = await post(body, { "content-type": TEXT });
        assert.deepEqual([answer.status, answer.type], [200, `${TEXT}+proto`]);
        const trailer = trailerOf(answer.text);
        assert.match(trailer, new RegExp(`grpc-status: ${status}\\r\\n`));
        assert.match(decodeURIComponent(trailer), /The body is not base64/);
      });
    }

    it("refuses more than the limit before all of it has come", async () => {
      const header = Buffer.alloc(5);
      header.writeUInt32BE(LIMIT + 1, 1);
      // What follows the header does not come: the answer cannot be waiting for it.
      let end: () => void = () => undefined;
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(Buffer.from(Buffer.concat([header, Buffer.alloc(1)]).toString("base64")));
          end = () => controller.close();
        },
      });
      const answer = await post(body, { "content-type": TEXT });
      end();
      assert.match(trailerOf(answer.text), /grpc-status: 8\r\n/);
    });
  });
});

/** What a code generator for grpc-web would write for a method. */
function methodDescriptor<I extends DescMessage, O extends DescMessage>({
  parent,
  name,
  methodKind,
  input,
  output,
}: DescMethod & { readonly input: I; readonly output: O }): MethodDescriptor<MessageShape<I>, MessageShape<O>> {
  const type = methodKind === "unary" ? grpcWeb.MethodType.UNARY : grpcWeb.MethodType.SERVER_STREAMING;
  const serialize = (message: MessageShape<I>): Uint8Array => toBinary(input, message);
  const deserialize = (bytes: Uint8Array): MessageShape<O> => fromBinary(output, bytes);
  // The constructors are named by the types alone; nothing makes a message with them.
  const none = Object as any;
  return new grpcWeb.MethodDescriptor(`/${parent.typeName}/${name}`, type, none, none, serialize, deserialize);
}

async function rpcError(call: Promise<unknown>): Promise<RpcError> {
  const error: unknown = await call.then(
    (answer) => assert.fail(`it was answered: ${JSON.stringify(answer)}`),
    (given: unknown) => given,
  );
  assert.ok(error instanceof grpcWeb.RpcError, String(error));
  return error;
}

function frame(message: Uint8Array): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([header, message]);
}

/** The trailer in a body of frames that is written in base64, each flush with padding of its own. */
function trailerOf(text: string): string {
  const bytes = Buffer.concat((text.match(/[^=]+={0,2}/g) ?? []).map((part) => Buffer.from(part, "base64")));
  for (let at = 0; at < bytes.byteLength;) {
    const length = bytes.readUInt32BE(at + 1);
    if (bytes.readUInt8(at) === 0x80) return bytes.subarray(at + 5, at + 5 + length).toString();
    at += 5 + length;
  }
  return assert.fail(`there is no trailer in ${bytes.toString("latin1")}`);
}

function streamOf(chunks: readonly string[]): ReadableStream {
  return ReadableStream.from(
    (async function* () {
      for (const chunk of chunks) {
        // A turn of the loop apart, so that they are written apart.
        await new Promise((resolve) => setImmediate(resolve));
        yield Buffer.from(chunk);
      }
    })(),
  );
}
