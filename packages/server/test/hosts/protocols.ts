import { fromJson, toJson, type JsonObject, type JsonValue, type Message } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type CallOptions, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { ErrorInfoSchema } from "@interpose/protocol/gen/google/rpc/error_details_pb";
import { cleanUp, type Cleanup } from "../harness/cleanup.ts";
import { methodOf, SHOP } from "./shop-api.ts";

/** A protocol in which clients call. */
export type Protocol = "gRPC" | "gRPC-Web" | "Connect with JSON" | "Connect with protobuf" | "REST";

/** What a call came to, whatever protocol it was made in. */
export type Outcome =
  | { readonly kind: "answered"; readonly message: JsonObject }
  | {
      readonly kind: "refused";
      /** Name of the code, as `failed_precondition`. */
      readonly code: string;
      readonly text: string;
      /** Reason of `google.rpc.ErrorInfo`, where there are details. */
      readonly reason: string | undefined;
    };

/** What a stream came to: the messages that came, and how it ended. */
export interface StreamOutcome {
  readonly messages: readonly JsonObject[];
  readonly end: "ok" | (Outcome & { readonly kind: "refused" });
}

/** A client of the shop in one protocol. */
export interface ShopClient {
  order(message: JsonObject, options?: CallOptions): Promise<Outcome>;
  /** Calls a method with streams, one message after the other. */
  stream(
    method: "Watch" | "Collect" | "Chat",
    messages: Iterable<JsonObject> | AsyncIterable<JsonObject>,
    options?: CallOptions,
  ): Promise<StreamOutcome>;
}

/** A client that calls in a protocol. It is closed after the test. */
export function shopClient(t: Cleanup, url: string, protocol: Protocol): ShopClient {
  if (protocol === "REST") return restClient(url);
  const sessions = new Http2SessionManager(url);
  cleanUp(t, () => sessions.abort());
  return rpcClient(transportOf(protocol, { baseUrl: url, httpVersion: "2", sessionManager: sessions }));
}

function transportOf(
  protocol: Exclude<Protocol, "REST">,
  options: { readonly baseUrl: string; readonly httpVersion: "2"; readonly sessionManager: Http2SessionManager },
): Transport {
  switch (protocol) {
    case "gRPC":
      return createGrpcTransport(options);
    case "gRPC-Web":
      return createGrpcWebTransport(options);
    case "Connect with JSON":
      return createConnectTransport(options);
    case "Connect with protobuf":
      return createConnectTransport({ ...options, useBinaryFormat: true });
  }
}

const { input: REQUEST, output: RESPONSE } = methodOf("Order");

function rpcClient(transport: Transport): ShopClient {
  const client = createClient(SHOP, transport) as unknown as Readonly<Record<string, (...given: any[]) => any>>;
  const answered = (message: Message): JsonObject => toJson(RESPONSE, message) as JsonObject;
  return {
    async order(message, options) {
      try {
        return {
          kind: "answered",
          message: answered(await client.order?.(fromJson(REQUEST, message as JsonValue), options)),
        };
      } catch (error) {
        return refused(error);
      }
    },
    async stream(method, messages, options) {
      const received: JsonObject[] = [];
      const requests = requestsOf(messages);
      try {
        if (method === "Collect") received.push(answered(await client.collect?.(requests, options)));
        else {
          const first = method === "Watch" ? (await requests.next()).value : requests;
          for await (const message of client[method.toLowerCase()]?.(first, options)) received.push(answered(message));
        }
        return { messages: received, end: "ok" };
      } catch (error) {
        return { messages: received, end: refused(error) };
      }
    },
  };
}

async function* requestsOf(messages: Iterable<JsonObject> | AsyncIterable<JsonObject>): AsyncGenerator<Message> {
  for await (const message of messages) yield fromJson(REQUEST, message as JsonValue);
}

function refused(error: unknown): Outcome & { readonly kind: "refused" } {
  const refusal = ConnectError.from(error);
  const [info] = refusal.findDetails(ErrorInfoSchema);
  return { kind: "refused", code: nameOf(refusal.code), text: refusal.rawMessage, reason: info?.reason };
}

/** `FailedPrecondition` as `failed_precondition`, and so on. */
function nameOf(code: number): string {
  const words = (Code[code] ?? "").split(/(?=[A-Z])/).map((word) => word.toLowerCase());
  return words.join("_").replace("canceled", "cancelled");
}

function restClient(url: string): ShopClient {
  const post = (path: string, message: JsonObject, { signal, headers }: CallOptions = {}): Promise<Response> =>
    fetch(`${url}${path}`, {
      method: "POST",
      headers: {
        ...Object.fromEntries(new Headers(headers)),
        "content-type": "application/json",
      },
      body: JSON.stringify(message),
      ...(signal && { signal }),
    });
  return {
    async order(message, options) {
      const response = await post("/v1/orders", message, options);
      const body = (await response.json()) as any;
      return response.ok ? { kind: "answered", message: body } : refusedByStatus(body);
    },
    async stream(method, messages, options) {
      const received: JsonObject[] = [];
      try {
        for await (const message of messages) {
          const response = await post(`/v1/orders:${method.toLowerCase()}`, message, options);
          const body = (await response.json()) as any;
          if (!response.ok) return { messages: received, end: refusedByStatus(body) };
          // A stream is an array, whose last item may be an error.
          for (const item of body) {
            if (item.error !== undefined) return { messages: received, end: refusedByStatus(item.error) };
            received.push(item);
          }
        }
        return { messages: received, end: "ok" };
      } catch (error) {
        return { messages: received, end: refused(error) };
      }
    },
  };
}

/** A `google.rpc.Status` in JSON. */
function refusedByStatus({ code, message, details }: any): Outcome & { readonly kind: "refused" } {
  const info = details?.find((each: any) => each["@type"]?.endsWith("google.rpc.ErrorInfo"));
  return { kind: "refused", code: nameOf(code), text: message, reason: info?.reason };
}
