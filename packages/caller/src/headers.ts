/**
 * Which runs led to a call of a target, signed. Who is called sends it back with the calls that it makes, so that a circle of calls is known as one.
 */
export const RUN_HEADER = "interpose-run";

/** What a target is called for, where nothing follows from its answer: `shadow`, `try` or `rehearsal`. Not there where it is called in earnest. */
export const PURPOSE_HEADER = "interpose-purpose";

/** Standard Webhooks: what is told, when, and who says so. */
export const WEBHOOK_ID_HEADER = "webhook-id";
export const WEBHOOK_TIMESTAMP_HEADER = "webhook-timestamp";
export const WEBHOOK_SIGNATURE_HEADER = "webhook-signature";

/** ZITADEL's own form of a signature. */
export const ZITADEL_SIGNATURE_HEADER = "zitadel-signature";

/** Headers that nobody gives a target, since they are a call's own, or a connection's. */
const FIXED: ReadonlySet<string> = new Set([
  "host",
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
  "accept-encoding",
  "user-agent",
  "traceparent",
  ZITADEL_SIGNATURE_HEADER,
]);
const FIXED_BEGINNINGS = ["content-", "proxy-", "webhook-", "interpose-"];

/** A token of RFC 9110, section 5.6.2. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Visible characters, with spaces and tabs in between. No line can end in it. */
const VALUE = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;

const MOST_HEADERS = 50;
const LONGEST_NAME = 100;
/** Many servers read 8 KiB of headers, all others included. */
const MOST_CHARACTERS = 6_000;

/**
 * What is wrong with headers that a target shall be sent beside those of each call; undefined: nothing. Names come in any case, and none twice; a call's and
 * a connection's own (`host`, `content-*`, `webhook-*`...) cannot be given. At most 50, of 6,000 characters in all. The text names the header, and never says its value.
 */
export function faultOfTargetHeaders(headers: Readonly<Record<string, string>>): string | undefined {
  const names = Object.keys(headers);
  if (names.length > MOST_HEADERS) return `${names.length} headers are given; a target can have ${MOST_HEADERS}.`;
  const seen = new Set<string>();
  let characters = 0;
  for (const [name, value] of Object.entries(headers)) {
    const fault = faultOfName(name, seen) ?? faultOfValue(value);
    if (fault !== undefined) return `The header ${JSON.stringify(name.slice(0, LONGEST_NAME))} ${fault}.`;
    seen.add(name.toLowerCase());
    characters += name.length + value.length;
  }
  if (characters <= MOST_CHARACTERS) return undefined;
  return `The headers have ${characters} characters, names and values together; a target can have ${MOST_CHARACTERS}.`;
}

function faultOfName(name: string, seen: ReadonlySet<string>): string | undefined {
  const small = name.toLowerCase();
  if (name.length > LONGEST_NAME) return `has a name of more than ${LONGEST_NAME} characters`;
  if (!NAME.test(name)) return "has a name that is none: letters, digits and !#$%&'*+-.^_`|~ make one";
  if (seen.has(small)) return "is given twice";
  if (FIXED.has(small) || FIXED_BEGINNINGS.some((beginning) => small.startsWith(beginning)))
    return "is Interpose's own, and cannot be given";
  return undefined;
}

function faultOfValue(value: string): string | undefined {
  if (value === "") return "has no value";
  if (!VALUE.test(value))
    return "has a value that no header can have: only visible ASCII characters, and spaces and tabs between them";
  return undefined;
}
