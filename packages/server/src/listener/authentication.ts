import { createContextKey, type ContextKey } from "@connectrpc/connect";
import type { Caller } from "../access/caller.ts";

/** Proves who sends a request, by its headers. Throws `unauthenticated`. */
export type Authenticate = (headers: Headers) => Promise<Caller>;

/** Where the caller of an RPC is kept, from the request handler to the call. */
export const callerKey: ContextKey<Caller | undefined> = createContextKey<Caller | undefined>(undefined);
/** Where the address that an RPC comes from is kept. */
export const clientAddressKey: ContextKey<string> = createContextKey("");
