import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { cleanUp, type Cleanup } from "../harness/cleanup.ts";

/** How an endpoint behaves at a time. */
export const MANNERS = ["ok", "fail", "hang", "reset", "slow", "busy", "flaky"] as const;

/** One of them. */
export type Manner = (typeof MANNERS)[number];

/** One request that reached an endpoint. */
export interface Receipt {
  readonly endpoint: number;
  readonly deliveryId: string;
  readonly attempt: number;
  readonly eventType: string;
  readonly aggregate: string;
  readonly sequence: number;
  /** The request's body as it came. */
  readonly body: string;
  /** Milliseconds by this process's monotonic clock. */
  readonly at: number;
  /** What it was answered; undefined until then, and for good where it was not. */
  status?: number;
  /** When it was answered. */
  answeredAt?: number;
}

/** Endpoints that remember all that reaches them. */
export interface Receiver {
  readonly url: (endpoint: number) => string;
  readonly receipts: readonly Receipt[];
  behave(endpoint: number, manner: Manner): void;
}

/** Longest time that a slow endpoint takes. The timeout of the targets is longer. */
const SLOW_MS = 300;

/** Starts them on one port of loopback. `flip` decides what a flaky one does. */
export async function startReceiver(t: Cleanup, flip: () => boolean): Promise<Receiver> {
  const receipts: Receipt[] = [];
  const manners = new Map<number, Manner>();

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk as string;
    const event = JSON.parse(body) as Record<string, string | number>;
    const endpoint = Number(request.url?.slice(1));
    const receipt: Receipt = {
      endpoint,
      deliveryId: String(request.headers["webhook-id"]),
      attempt: Number(request.headers["interpose-attempt"]),
      eventType: String(event.event_type),
      aggregate: `${event.aggregateType}/${event.aggregateID}`,
      sequence: Number(event.sequence),
      body,
      at: performance.now(),
    };
    receipts.push(receipt);
    const end = (status: number, headers: Record<string, string> = {}): void => {
      receipt.status = status;
      receipt.answeredAt = performance.now();
      response.writeHead(status, headers).end();
    };
    const manner = manners.get(endpoint) ?? "ok";
    if (manner === "hang") return;
    if (manner === "reset") return void request.socket.destroy();
    if (manner === "slow") await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
    if (manner === "busy") {
      end(429, { "retry-after": "1" });
      return;
    }
    if (manner === "fail" || (manner === "flaky" && flip())) {
      end(500);
      return;
    }
    end(200);
  }

  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUp(t, () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: (endpoint) => `http://127.0.0.1:${port}/${endpoint}`,
    receipts,
    behave: (endpoint, manner) => void manners.set(endpoint, manner),
  };
}
