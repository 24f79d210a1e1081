import { createClient, ConnectError, type Client, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { createGrpcWebTransport as createBrowserGrpcWebTransport } from "@connectrpc/connect-web";
import { ActionService } from "@interpose/protocol/gen/zitadel/action/v3alpha/action_service_pb";
import { ADMIN_TOKEN, type TestServer } from "./server.ts";

/** Ways to reach the API by generated clients: each protocol, codec and version of HTTP. */
export const TRANSPORTS = {
  "gRPC over HTTP/2": (baseUrl, interceptors) => createGrpcTransport({ baseUrl, interceptors }),
  "gRPC-Web over HTTP/1.1": (baseUrl, interceptors) =>
    createGrpcWebTransport({ baseUrl, interceptors, httpVersion: "1.1" }),
  "gRPC-Web over HTTP/2": (baseUrl, interceptors) =>
    createGrpcWebTransport({ baseUrl, interceptors, httpVersion: "2" }),
  "gRPC-Web as browsers send it": (baseUrl, interceptors) => createBrowserGrpcWebTransport({ baseUrl, interceptors }),
  "Connect with JSON over HTTP/1.1": (baseUrl, interceptors) =>
    createConnectTransport({ baseUrl, interceptors, httpVersion: "1.1" }),
  "Connect with protobuf over HTTP/2": (baseUrl, interceptors) =>
    createConnectTransport({ baseUrl, interceptors, httpVersion: "2", useBinaryFormat: true }),
} satisfies Record<string, (baseUrl: string, interceptors: Interceptor[]) => Transport>;

/** Name of one of the transports. */
export type TransportName = keyof typeof TRANSPORTS;

/** A generated client on one of the transports, as the admin unless headers say otherwise. */
export function actionClient(
  server: TestServer,
  transport: TransportName,
  headers: Readonly<Record<string, string>> = { authorization: `Bearer ${ADMIN_TOKEN}` },
): Client<typeof ActionService> {
  const withHeaders: Interceptor = (next) => (request) => {
    for (const [name, value] of Object.entries(headers)) request.header.set(name, value);
    return next(request);
  };
  return createClient(ActionService, TRANSPORTS[transport](server.url, [withHeaders]));
}

/** The error that a call ends with; fails when it does not. */
export async function refusal(call: Promise<unknown>): Promise<ConnectError> {
  const answer = await call.then(
    () => "an answer",
    (error: unknown) => error,
  );
  if (answer instanceof ConnectError) return answer;
  throw new Error(`expected a refusal, got ${String(answer)}`);
}
