import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { cleanUp, type Cleanup } from "./cleanup.ts";

/** Answers requests in its own way, now or later. */
export type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Serves on loopback until the test is over, and answers the address. */
export async function serve(t: Cleanup, listener: Listener): Promise<string> {
  const server = createServer((request, response) => void listener(request, response)).listen(0, "127.0.0.1");
  cleanUp(t, () => server.close().closeAllConnections());
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
