import { connect, createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { cleanUp, type Cleanup } from "./cleanup.ts";

/** A port of loopback that leads to another one, until it does not. */
export interface TcpProxy {
  readonly port: number;
  /** Breaks all connections and refuses new ones, as when what is behind was stopped. */
  drop(): Promise<void>;
  /** Listens again, on the same port. */
  restore(): Promise<void>;
}

/** Starts a proxy to a port. It is stopped after the test. */
export async function startTcpProxy(
  t: Cleanup,
  target: { readonly host: string; readonly port: number },
): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let server: Server | undefined;

  function pass(client: Socket): void {
    const upstream = connect(target.port, target.host);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  }

  async function listen(port: number): Promise<number> {
    const next = createServer(pass);
    await new Promise<void>((resolve, reject) => next.once("error", reject).listen(port, "127.0.0.1", resolve));
    server = next;
    return (next.address() as AddressInfo).port;
  }

  async function drop(): Promise<void> {
    const closing = server;
    server = undefined;
    const closed = closing && new Promise((resolve) => closing.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  const port = await listen(0);
  cleanUp(t, drop);
  return { port, drop, restore: async () => void (await listen(port)) };
}
