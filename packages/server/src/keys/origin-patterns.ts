import { matchesHost, parseHostPattern, type HostPattern } from "@interpose/caller";

/** Origins: one, or those of all hosts whose names end in one. */
export interface OriginPattern {
  /** In one spelling, which is read as the same again. */
  readonly text: string;
  readonly protocol: string;
  /** Empty: that of the scheme. */
  readonly port: string;
  /** A text: an address, as URLs spell it. */
  readonly host: HostPattern | string;
}

const LONGEST = 300;
const ORIGIN = /^(https?):\/\/([^/?#@\\\s]+?)(?::(\d{1,5}))?\/?$/i;

/**
 * Reads `https://hooks.corp`, `http://10.0.0.1:8080`, `https://[fd00::1]` or `https://*.corp:8443`: scheme and port count, since what else listens at a host may be somebody
 * else's. Undefined when it is none of these.
 */
export function parseOriginPattern(given: string): OriginPattern | undefined {
  const text = given.trim();
  const [, scheme, host = "", port = ""] = text.length > LONGEST ? [] : (ORIGIN.exec(text) ?? []);
  if (scheme === undefined) return undefined;
  const pattern = parseHostPattern(host);
  // A wildcard is no part of a URL; what stands behind it is.
  const name = pattern ? pattern.name : host;
  const plain = `${scheme}://${name}${port === "" ? "" : `:${port}`}`;
  if (!URL.canParse(plain)) return undefined;
  const url = new URL(plain);
  if (!pattern && !isAddress(url.hostname)) return undefined;
  const shown = pattern?.isWildcard ? `*.${pattern.name}` : url.hostname;
  const { protocol } = url;
  return {
    text: `${protocol}//${shown}${url.port === "" ? "" : `:${url.port}`}`,
    protocol,
    port: url.port,
    host: pattern ?? url.hostname,
  };
}

/** Whether an endpoint is at such an origin. */
export function matchesOrigin({ protocol, port, host }: OriginPattern, url: URL): boolean {
  if (url.protocol !== protocol || url.port !== port) return false;
  return typeof host === "string" ? url.hostname === host : matchesHost(host, url.hostname);
}

/** Whether a host is an address, as URLs spell these. */
function isAddress(hostname: string): boolean {
  return hostname.startsWith("[") || /^\d+\.\d+\.\d+\.\d+$/.test(hostname);
}
