import type { IncomingMessage } from "node:http";
import type { HeaderBlock } from "../relay/hpack/index.ts";

/** Fields that speak of one connection of HTTP/1.1, and end with it (RFC 9110, section 7.6.1). `host` becomes `:authority`. */
const HOP_BY_HOP = new Set(["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "host"]);

/** A request's head as HTTP/2 has it (RFC 9113, section 8.3.1). Proxies send the whole URL in place of the path, and that one's host counts (RFC 9112, section 3.2.2). */
export function blockOfRequest({ method = "GET", url = "/", headers, rawHeaders }: IncomingMessage): HeaderBlock {
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/is.exec(url);
  const target = absolute?.[2] ?? url;
  const path = target === "" || target.startsWith("?") ? `/${target}` : target;
  const authority = absolute?.[1] ?? headers.host ?? "";
  const fields = [":method", method, ":scheme", "http", ":path", path];
  if (authority !== "") fields.push(":authority", authority);
  fields.push(...fieldsFromRaw(rawHeaders, headers.connection));
  return { fields, neverIndexed: undefined };
}

/** Fields of HTTP/1.1 as HTTP/2 has them: in lower case, without those of the connection, be it by what they are or by what `connection` says. Of `te`, only "trailers" has a meaning further on. */
export function fieldsFromRaw(raw: readonly string[], connection = ""): string[] {
  const named = connection.split(",").map((name) => name.trim().toLowerCase());
  const fields: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] ?? "").toLowerCase();
    const value = (raw[i + 1] ?? "").trim();
    if (HOP_BY_HOP.has(name) || (named.includes(name) && name !== "te")) continue;
    if (name === "te") {
      if (/\btrailers\b/i.test(value)) fields.push(name, "trailers");
    } else fields.push(name, value);
  }
  return fields;
}

/** Fields as pairs of name and value. */
export function pairsOf(fields: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i < fields.length; i += 2) pairs.push([fields[i] ?? "", fields[i + 1] ?? ""]);
  return pairs;
}

/** Fields that say where a message ends or whom it is for: behind a body they have no meaning, and some servers take them for those of the head (RFC 9110, section 6.5.1). */
const NEVER_TRAILERS = new Set(["content-length", "transfer-encoding", "host", "trailer", "te"]);

/** Trailers as pairs of name and value, without what cannot be one. */
export function trailersOf(fields: readonly string[]): [string, string][] {
  return pairsOf(fields).filter(([name]) => !NEVER_TRAILERS.has(name));
}

/** The head of a request in HTTP/1.1. */
export interface Http1Head {
  readonly method: string;
  readonly path: string;
  /** Name, value, name, value. */
  readonly headers: string[];
  /** There is a body, and it says where it ends: trailers can follow. */
  readonly isChunked: boolean;
}

/**
 * The head of a request of HTTP/2 in HTTP/1.1. Undefined for what HTTP/1.1 would understand as something else than the gateway has: a path that is a whole URL, a
 * method in lower case. `host`: for a request that names none. `upgrade`: the protocol to change to.
 */
export function http1HeadOf(
  { fields }: HeaderBlock,
  { host, hasBody, upgrade }: { readonly host: string; readonly hasBody: boolean; readonly upgrade?: string },
): Http1Head | undefined {
  let method = "";
  let path = "";
  let authority: string | undefined;
  let ownHost: string | undefined;
  let length: string | undefined;
  const cookies: string[] = [];
  const trailer: string[] = [];
  const others: string[] = [];
  const connection: string[] = upgrade === undefined ? [] : ["upgrade"];
  for (const [name, value] of pairsOf(fields)) {
    if (name === ":method") method = value;
    else if (name === ":path") path = value;
    else if (name === ":authority") authority = value;
    else if (name === "host") ownHost = value;
    else if (name === "content-length") length = value;
    // HTTP/2 may cut cookies into several fields, HTTP/1.1 may not (RFC 9113, section 8.2.3).
    else if (name === "cookie") cookies.push(value);
    else if (name === "trailer") trailer.push(name, value);
    else if (name === "te") connection.push("te");
    else if (!name.startsWith(":")) others.push(name, value);
  }
  if (method === "" || method !== method.toUpperCase() || method === "CONNECT") return undefined;
  if (!path.startsWith("/") && !(path === "*" && method === "OPTIONS")) return undefined;
  const isChunked = hasBody && length === undefined;
  const headers = ["host", authority ?? ownHost ?? host, ...others];
  if (cookies.length > 0) headers.push("cookie", cookies.join("; "));
  if (connection.includes("te")) headers.push("te", "trailers");
  if (connection.length > 0) headers.push("connection", connection.join(", "));
  if (upgrade !== undefined) headers.push("upgrade", upgrade);
  if (length !== undefined) headers.push("content-length", length);
  else if (isChunked) headers.push("transfer-encoding", "chunked", ...trailer);
  else if (method === "POST" || method === "PUT" || method === "PATCH") headers.push("content-length", "0");
  return { method, path, headers, isChunked };
}
