import { InterposeError } from "@interpose/engine";
import type { NodeRequest } from "./exchange.ts";

/** What a request is for. */
export interface RequestTarget {
  /** Name or address, perhaps with a port; empty where the request names none, as HTTP/1.0 and HTTP/2 allow. */
  readonly host: string;
  /** Begins with a slash, but for the "*" of OPTIONS. */
  readonly path: string;
  /** What stands behind the question mark. */
  readonly query: string;
}

/** Reads where a request leads. Proxies send the whole URL in place of the path, and that one's host counts (RFC 9112, section 3.2.2). */
export function targetOf(request: NodeRequest): RequestTarget {
  const [, absoluteHost, rest = "/"] = /^https?:\/\/([^/?#]*)(.*)$/is.exec(request.url ?? "") ?? [
    undefined,
    undefined,
    request.url,
  ];
  const authority = request.headers[":authority"];
  const host = absoluteHost ?? (typeof authority === "string" ? authority : request.headers.host);
  const mark = rest.indexOf("?");
  const path = mark < 0 ? rest : rest.slice(0, mark);
  return { host: host ?? "", path: path === "" ? "/" : path, query: mark < 0 ? "" : rest.slice(mark + 1) };
}

/** Refuses a host that is none, as RFC 9112, section 3.2 asks of servers. Libraries behind this make URLs of it, and would throw. */
export function assertHost({ host }: RequestTarget): void {
  if (host === "" || (!/[/?#@\\]/.test(host) && URL.canParse(`http://${host}/`))) return;
  throw new InterposeError(
    "bad_request",
    `The host "${host.slice(0, 100)}" is none. Send the name or address of the server, with its port where it has one.`,
  );
}
