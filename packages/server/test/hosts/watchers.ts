// Clients that follow a stream message by message, in each protocol: those that others wrote, where there are such.
import { EventEmitter, once } from "node:events";
import { create, fromBinary, toBinary, type Message } from "@bufbuild/protobuf";
import { ConnectError, createClient } from "@connectrpc/connect";
import { Metadata, type ServiceError } from "@grpc/grpc-js";
import grpcWeb, { type RpcError } from "grpc-web";
import { cleanUp, type Cleanup } from "../harness/cleanup.ts";
import { TRANSPORTS, type TransportName } from "../harness/clients.ts";
import { openHttp2 } from "../harness/raw-http2.ts";
import { shopClient } from "../harness/shop.ts";
import { installXmlHttpRequest } from "../harness/xml-http-request.ts";
import { methodOf, SHOP } from "./shop-api.ts";

/** What comes next of a stream. */
export type Next =
  | { readonly text: string; readonly total: number }
  | "end"
  /** `code`: the number of gRPC. */
  | { readonly code: number; readonly error: string };

/** A stream that is being followed. */
export interface Watcher {
  next(): Promise<Next>;
  /** Goes away. */
  cancel(): void;
}

/** What a call has beside its request. */
export interface WatchOptions {
  readonly timeoutMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A way to call `Watch` of the shop. */
export interface WatchingClient {
  readonly name: string;
  /** Reads as fast as it can, whatever its user does. */
  readonly isEager?: boolean;
  watch(t: Cleanup, port: number, options?: WatchOptions): Watcher;
}

const { input: REQUEST, output: RESPONSE } = methodOf("Watch");
const PATH = "/v1/orders:watch";
const ITEM = { item: "tea", count: 1 };

/** All of them. */
export const WATCHING_CLIENTS: readonly WatchingClient[] = [
  { name: "gRPC, from @grpc/grpc-js", watch: watchByGrpcJs },
  ...(Object.keys(TRANSPORTS) as TransportName[]).map((name) => ({ name, watch: watchBy(name) })),
  { name: "gRPC-Web as text, from npm's grpc-web", isEager: true, watch: watchByGrpcWeb },
  { name: "REST as an array over HTTP/1.1", watch: watchByFetch("application/json") },
  { name: "REST in lines over HTTP/1.1", watch: watchByFetch("application/x-ndjson") },
  { name: "REST in lines over HTTP/2", watch: watchByHttp2 },
];

function watcherOf(
  messages: AsyncIterable<unknown>,
  cancel: () => void,
  refusalOf: (error: unknown) => { readonly code: number; readonly error: string },
): Watcher {
  const iterator = messages[Symbol.asyncIterator]();
  return {
    cancel,
    async next() {
      try {
        const next = await iterator.next();
        if (next.done === true) return "end";
        const { text = "", total = 0 } = next.value as { readonly text?: string; readonly total?: number };
        return { text, total };
      } catch (error) {
        return refusalOf(error);
      }
    },
  };
}

function watchByGrpcJs(t: Cleanup, port: number, { timeoutMs, headers = {} }: WatchOptions = {}): Watcher {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const deadline = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
  const call = shopClient(t, `127.0.0.1:${port}`).Watch(ITEM, metadata, deadline);
  call.on("error", () => undefined);
  return watcherOf(
    call,
    () => call.cancel(),
    (error) => ({ code: (error as ServiceError).code, error: (error as ServiceError).details }),
  );
}

function watchBy(transport: TransportName): WatchingClient["watch"] {
  return (t, port, { timeoutMs, headers = {} } = {}) => {
    const client: any = createClient(SHOP, TRANSPORTS[transport](`http://127.0.0.1:${port}`, []));
    const controller = new AbortController();
    cleanUp(t, () => controller.abort());
    const messages = client.watch(ITEM, { signal: controller.signal, timeoutMs, headers });
    return watcherOf(
      messages,
      () => controller.abort(),
      (error) => {
        const { code, rawMessage } = ConnectError.from(error);
        return { code, error: rawMessage };
      },
    );
  };
}

function watchByGrpcWeb(t: Cleanup, port: number, { timeoutMs, headers = {} }: WatchOptions = {}): Watcher {
  installXmlHttpRequest();
  const none = Object as any;
  const descriptor = new grpcWeb.MethodDescriptor<Message, Message>(
    "/shop.v1.Shop/Watch",
    grpcWeb.MethodType.SERVER_STREAMING,
    none,
    none,
    (message: Message) => toBinary(REQUEST, message),
    (bytes: Uint8Array) => fromBinary(RESPONSE, bytes),
  );
  const client = new grpcWeb.GrpcWebClientBase({ format: "text" });
  const metadata = { ...headers, ...(timeoutMs !== undefined && { deadline: String(Date.now() + timeoutMs) }) };
  const url = `http://127.0.0.1:${port}${descriptor.getName()}`;
  const call = client.serverStreaming(url, create(REQUEST, ITEM), metadata, descriptor);
  cleanUp(t, () => call.cancel());
  const told: { readonly message?: unknown; readonly error?: RpcError }[] = [];
  const events = new EventEmitter();
  const tell = (item: (typeof told)[number]): void => {
    told.push(item);
    events.emit("told");
  };
  call.on("data", (message) => tell({ message }));
  call.on("error", (error) => tell({ error }));
  // The package says "end" before it says how the call ended.
  call.on("end", () => setImmediate(tell, {}));
  async function* messages(): AsyncIterable<unknown> {
    for (let i = 0; ; i++) {
      if (i >= told.length) await once(events, "told");
      const { message, error } = told[i] ?? {};
      if (error) throw error;
      if (!message) return;
      yield message;
    }
  }
  return watcherOf(
    messages(),
    () => call.cancel(),
    (error) => ({ code: (error as RpcError).code, error: (error as RpcError).message }),
  );
}

function restHeaders(accept: string, { timeoutMs, headers }: WatchOptions): Record<string, string> {
  return {
    "content-type": "application/json",
    accept,
    ...headers,
    ...(timeoutMs !== undefined && { "grpc-timeout": `${timeoutMs}m` }),
  };
}

function watchByFetch(accept: string): WatchingClient["watch"] {
  return (t, port, options = {}) => {
    const controller = new AbortController();
    cleanUp(t, () => controller.abort());
    const answered = fetch(`http://127.0.0.1:${port}${PATH}`, {
      method: "POST",
      headers: restHeaders(accept, options),
      body: JSON.stringify(ITEM),
      signal: controller.signal,
    });
    // An answer that nobody waits for any more may fail.
    answered.catch(() => undefined);
    async function* messages(): AsyncIterable<unknown> {
      const answer = await answered;
      yield* itemsOf(answer.status, answer.body ?? []);
    }
    return watcherOf(messages(), () => controller.abort(), refusedOverRest);
  };
}

function watchByHttp2(t: Cleanup, port: number, options: WatchOptions = {}): Watcher {
  const opened = openHttp2(t, `http://127.0.0.1:${port}`).then((session) => {
    const headers = restHeaders("application/x-ndjson", options);
    const stream = session.request({ ":method": "POST", ":path": PATH, ...headers });
    stream.on("error", () => undefined);
    const status = new Promise<number>((resolve, reject) => {
      stream.once("response", (head) => resolve(Number(head[":status"])));
      stream.once("close", () => reject(new Error("the stream was closed without an answer")));
    });
    status.catch(() => undefined);
    stream.end(JSON.stringify(ITEM));
    return { stream, status };
  });
  async function* messages(): AsyncIterable<unknown> {
    const { stream, status } = await opened;
    yield* itemsOf(await status, stream);
  }
  return watcherOf(messages(), () => void opened.then(({ stream }) => stream.close(8)), refusedOverRest);
}

/** Thrown for an error that came in JSON. */
class RestRefusal extends Error {
  readonly code: number;
  constructor({ code, message }: { readonly code: number; readonly message: string }) {
    super(message);
    this.code = code;
  }
}

function refusedOverRest(error: unknown): { readonly code: number; readonly error: string } {
  return { code: error instanceof RestRefusal ? error.code : -1, error: (error as Error).message };
}

/** The items of a body, each as soon as it is there: of an array with an item in a line, or of lines. */
async function* itemsOf(
  status: number,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncIterable<unknown> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of chunks) {
    text += decoder.decode(chunk, { stream: true });
    if (status !== 200) continue;
    for (let item = firstItem(text); item; item = firstItem(text)) {
      text = text.slice(item.length);
      if (item.value.error) throw new RestRefusal(item.value.error);
      yield item.value;
    }
  }
  if (status !== 200) throw new RestRefusal(JSON.parse(text));
}

function firstItem(text: string): { readonly value: any; readonly length: number } | undefined {
  const [whole, item = ""] = /^[[,\s]*(\{[^\n]*?\})(?=,?\n|\]?$)/.exec(text) ?? [];
  try {
    return whole === undefined ? undefined : { value: JSON.parse(item), length: whole.length };
  } catch {
    // There is more to come of it.
    return undefined;
  }
}
