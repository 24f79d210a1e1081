import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { PayloadType } from "@interpose/engine";
import { cleanUp, type Cleanup } from "./cleanup.ts";
import { fail } from "./fail.ts";
import { openCall } from "./signed-calls.ts";

/** What a test target was sent. */
export interface ReceivedCall {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;

  /** The payload, whatever type it came in. */
  readonly body: any;
  readonly payloadType: PayloadType;
  /** Whether the caller has gone before it was answered. */
  readonly isGone: () => boolean;
}

/** What a test target answers; by default 200 with an empty body. */
export interface TargetReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, a text as it is. */
  readonly body?: unknown;
}

/** An HTTP endpoint on loopback that remembers what it was sent. */
export interface TestTarget {
  readonly url: string;
  readonly calls: ReceivedCall[];
  /** What to answer from now on; `hang` never answers. */
  reply(
    next: TargetReply | "hang" | ((call: ReceivedCall) => TargetReply | "hang" | Promise<TargetReply | "hang">),
  ): void;
}

/** Has a target take some milliseconds to answer. Answers how many calls it has had under way at once, at most. */
export function countAtOnce(target: TestTarget, ms: number): () => number {
  let [underWay, most] = [0, 0];
  target.reply(async () => {
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setTimeout(resolve, ms));
    underWay--;
    return {};
  });
  return () => most;
}

/** A target's certificate, and who has to vouch for those of its clients. Default: they need none. */
export interface TargetTls {
  readonly cert: string;
  readonly key: string;
  readonly clientCa?: string;
}

/**
 * Starts a target, with TLS where it is given a certificate. It is stopped after the test. A call that is not signed, or not by a key of a target that the
 * test has told of (`createTarget()`, `expectCalls()`), fails the test; so does a payload that is not of that target's type.
 */
export async function startTarget(
  t: Cleanup,
  first: Parameters<TestTarget["reply"]>[0] = {},
  tls?: TargetTls,
): Promise<TestTarget> {
  const calls: ReceivedCall[] = [];
  let next = first;
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => void answer(request, response);
  const server = tls ? createTlsServer(tlsOptions(tls), onRequest) : createServer(onRequest);
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let gone = false;
    response.once("close", () => (gone = !response.writableFinished));
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const opened = await openCall(request.headers, Buffer.concat(chunks)).catch((error: unknown) => {
      fail(new Error(`a call of ${request.url} was not as its target is sent it`, { cause: error }));
      return undefined;
    });
    if (!opened) return void response.writeHead(500).end();
    const call: ReceivedCall = {
      method: request.method ?? "",
      path: request.url ?? "",
      headers: request.headers,
      body: JSON.parse(opened.json),
      payloadType: opened.payloadType,
      isGone: () => gone,
    };
    calls.push(call);
    const reply = typeof next === "function" ? await next(call) : next;
    if (reply === "hang") return;
    response.writeHead(reply.status ?? 200, reply.headers);
    response.end(reply.body === undefined || typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body));
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUp(t, () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `${tls ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    calls,
    reply: (given) => void (next = given),
  };
}

function tlsOptions({ cert, key, clientCa }: TargetTls): object {
  return { cert, key, ...(clientCa !== undefined && { ca: clientCa, requestCert: true, rejectUnauthorized: true }) };
}
