import type { Interceptor, Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { BYPASS_HEADER } from "../headers.ts";

/** Which server to talk to, and as whom. */
export interface ConnectionOptions {
  /** Absolute URL, http or https. */
  readonly url: string;
  readonly token: string | undefined;
  /** Run no executions for these calls. */
  readonly bypass: boolean;
}

/** The way to a server, by its public API. Nothing is connected yet: the first call does. What a call throws, `describeFailure` has a text for. */
export function connectTo({ url, token, bypass }: ConnectionOptions): Transport {
  const headers: Interceptor = (next) => (request) => {
    if (token !== undefined) request.header.set("authorization", `Bearer ${token}`);
    if (bypass) request.header.set(BYPASS_HEADER, "true");
    return next(request);
  };
  return createConnectTransport({ baseUrl: url, httpVersion: "1.1", interceptors: [headers] });
}
