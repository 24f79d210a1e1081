import type { Socket } from "node:net";
import { countRead } from "../read-buffers.ts";

/**
 * Passes bytes both ways between two connections, each as fast as the other takes them. The end of one direction is the end of that one only; a connection that
 * breaks off takes the other with it. `early`, `first`: what each side has already sent.
 */
export function joinSockets(client: Socket, early: Buffer, upstream: Socket, first: Buffer): void {
  for (const [one, other, sent] of [
    [client, upstream, early],
    [upstream, client, first],
  ] as const) {
    one.allowHalfOpen = true;
    one.setTimeout(0);
    // A peer that is gone without a word is noticed.
    one.setKeepAlive(true, KEEP_ALIVE_MS);
    one.on("error", () => one.destroy());
    one.once("close", () => {
      if (one.readableEnded) other.destroySoon();
      else other.destroy();
    });
    if (sent.byteLength > 0) other.write(sent);
    one.on("data", countRead).pipe(other);
  }
}

const KEEP_ALIVE_MS = 60_000;
