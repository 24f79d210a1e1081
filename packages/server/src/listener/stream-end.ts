import { InterposeError } from "@interpose/engine";
import type { MessageStream } from "../hosts/own-api/message-stream.ts";
import { cutOff, type NodeResponse } from "./exchange.ts";

/** Time that a client gets to read the end of a stream which ends because the server does. */
const STALLED_MS = 3_000;

/** Lets a stream that the server's stop has ended go, also where its client does not read what was sent before: it would hold up the stop until its limit. */
export function endWithServer({ ended }: MessageStream, response: NodeResponse): void {
  void ended.then(({ failure }) => {
    if (!(failure?.error instanceof InterposeError) || failure.error.reason !== "server_stopping") return;
    const timer = setTimeout(cutOff, STALLED_MS, response);
    response.once("close", () => clearTimeout(timer));
  });
}
