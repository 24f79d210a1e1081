/** What a field's name means for the form of a message. */
type NameKind = "field" | "invalid" | "connection-specific" | "te" | "content-length";

const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** A value has no NUL, CR or LF in it, and no white space at its ends (RFC 9113, section 8.2.1). */
const BAD_VALUE = /[\0\r\n]|^[ \t]|[ \t]$/;
/** Fields that speak of a connection of HTTP/1.1, which HTTP/2 does not have (RFC 9113, section 8.2.2). */
const CONNECTION_SPECIFIC = new Set(["connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"]);

/** Names repeat from call to call: what was found out of one is kept, for a bounded number of them. */
const KINDS = new Map<string, NameKind>();
const MOST_KINDS = 1_000;

function kindOf(name: string): NameKind {
  const known = KINDS.get(name);
  if (known !== undefined) return known;
  const kind = !NAME.test(name)
    ? "invalid"
    : CONNECTION_SPECIFIC.has(name)
      ? "connection-specific"
      : name === "te" || name === "content-length"
        ? name
        : "field";
  if (KINDS.size < MOST_KINDS) KINDS.set(name, kind);
  return kind;
}

/** The pseudo-fields of a request, and the length that it gives its body. */
export interface RequestHead {
  readonly method: string;
  readonly scheme: string;
  readonly path: string;
  readonly authority: string;
  /** -1: it does not say. */
  readonly contentLength: number;
}

/** The status of a response. */
export interface ResponseHead {
  readonly status: number;
}

/** Reads the head of a request, or says what is malformed about it (RFC 9113, sections 8.2 and 8.3.1). */
export function readRequestHead(fields: readonly string[]): RequestHead | string {
  let method: string | undefined;
  let scheme: string | undefined;
  let path: string | undefined;
  let authority: string | undefined;
  let i = 0;
  for (; i < fields.length; i += 2) {
    const name = fields[i] ?? "";
    if (name.charCodeAt(0) !== 0x3a) break;
    const value = fields[i + 1] ?? "";
    if (BAD_VALUE.test(value)) return `the value of ${name} has a character in it that it may not have`;
    if (name === ":method" && method === undefined) method = value;
    else if (name === ":scheme" && scheme === undefined) scheme = value;
    else if (name === ":path" && path === undefined) path = value;
    else if (name === ":authority" && authority === undefined) authority = value;
    else return `${name} is not known, or is there twice`;
  }
  if (!method) return "there is no :method";
  const isConnect = method === "CONNECT";
  if (isConnect ? scheme !== undefined || path !== undefined || !authority : !scheme || !path)
    return isConnect ? "CONNECT has an :authority, and no :scheme and :path" : "there is no :scheme or no :path";
  // A path that is a whole URL would mean one thing here, and another where it is taken apart.
  if (path !== undefined && path.charCodeAt(0) !== 0x2f && (path !== "*" || method !== "OPTIONS"))
    return ":path does not begin with a slash";
  const contentLength = readFields(fields, i);
  if (typeof contentLength === "string") return contentLength;
  return { method, scheme: scheme ?? "", path: path ?? "", authority: authority ?? "", contentLength };
}

/** Reads the head of a response, or says what is malformed about it (RFC 9113, section 8.3.2). */
export function readResponseHead(fields: readonly string[]): ResponseHead | string {
  const status = fields[1] ?? "";
  if (fields[0] !== ":status" || !/^[1-9]\d\d$/.test(status)) return "it does not begin with a :status of three digits";
  const fault = readFields(fields, 2);
  return typeof fault === "string" ? fault : { status: Number(status) };
}

/** What is malformed about trailers; undefined for nothing. They have no pseudo-fields (RFC 9113, section 8.1). */
export function faultOfTrailers(fields: readonly string[]): string | undefined {
  const fault = readFields(fields, 0);
  return typeof fault === "string" ? fault : undefined;
}

/** Checks the fields from `from` on. Answers the content-length, -1 for none, or what is malformed. */
function readFields(fields: readonly string[], from: number): number | string {
  let contentLength = -1;
  for (let i = from; i < fields.length; i += 2) {
    const name = fields[i] ?? "";
    const value = fields[i + 1] ?? "";
    switch (kindOf(name)) {
      case "field":
        break;
      case "invalid":
        return name.startsWith(":") ? `${name} stands behind other fields` : `"${name}" is no name of a field`;
      case "connection-specific":
        return `${name} belongs to HTTP/1.1`;
      case "te":
        if (value.toLowerCase() !== "trailers") return "te has another value than trailers";
        break;
      case "content-length": {
        if (!/^\d{1,15}$/.test(value) || (contentLength >= 0 && contentLength !== Number(value)))
          return "content-length is no length";
        contentLength = Number(value);
      }
    }
    if (BAD_VALUE.test(value)) return `the value of ${name} has a character in it that it may not have`;
  }
  return contentLength;
}
