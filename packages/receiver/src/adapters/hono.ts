import type { Receiver } from "../receiver.ts";
import { fetchHandler, toResponse } from "./fetch.ts";

/** What is needed of a context of Hono's. */
export interface HonoContext {
  readonly req: {
    readonly raw: Request;
    /** What was read of the body, by the form in which it was. */
    readonly bodyCache: { readonly text?: unknown; readonly arrayBuffer?: unknown };
    arrayBuffer(): Promise<ArrayBuffer>;
  };
}

/** Answers calls in Hono: `app.post("/hook", honoHandler(receiver))`. Middleware may have read the body by `c.req.text()`, `json()` or `arrayBuffer()`, which keep it as it came. */
export function honoHandler(receiver: Receiver): (context: HonoContext) => Promise<Response> {
  const handle = fetchHandler(receiver);
  return async ({ req }) => {
    const isKept = req.bodyCache.text !== undefined || req.bodyCache.arrayBuffer !== undefined;
    if (req.raw.method !== "POST" || !isKept) return handle(req.raw);
    return toResponse(await receiver.handle(req.raw.headers, new Uint8Array(await req.arrayBuffer())));
  };
}
