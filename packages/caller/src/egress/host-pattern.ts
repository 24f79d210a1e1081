import { domainToASCII } from "node:url";

/** Names of hosts: one, or with `isWildcard` all that end in it, by one label or more. */
export interface HostPattern {
  /** In small letters and ASCII (IDNA), without a dot at the end. */
  readonly name: string;
  readonly isWildcard: boolean;
}

/** What a host's name cannot hold, so that nothing of a URL is taken for one, and nothing is decoded. */
const NOT_IN_NAMES = /[\s\p{Cc}/\\?#@:%[\]<>|^*]/u;
const LABEL = /^[a-z0-9_-]{1,63}$/;
/** A last label that makes URLs read the whole as an IPv4 address, or as nothing. */
const NUMBER = /^(\d+|0x[0-9a-f]*)$/;
const MAX_NAME_LENGTH = 253;

/** Reads `hooks.corp` or `*.internal.example.com`; one wildcard in front, for whole labels. Undefined when it is neither. */
export function parseHostPattern(text: string): HostPattern | undefined {
  const isWildcard = text.startsWith("*.");
  const given = isWildcard ? text.slice(2) : text;
  if (NOT_IN_NAMES.test(given)) return undefined;
  const name = withoutLastDot(domainToASCII(given));
  const labels = name.split(".");
  if (name.length > MAX_NAME_LENGTH || !labels.every((label) => LABEL.test(label))) return undefined;
  return NUMBER.test(labels.at(-1) ?? "") ? undefined : { name, isWildcard };
}

/** A pattern as text, which is read as the same again. */
export function formatHostPattern({ name, isWildcard }: HostPattern): string {
  return isWildcard ? `*.${name}` : name;
}

/** Whether a pattern means a host, as the URL standard spells hosts: in small letters and ASCII. A dot at its end makes no difference. */
export function matchesHost({ name, isWildcard }: HostPattern, host: string): boolean {
  const given = withoutLastDot(host);
  return isWildcard ? given.endsWith(`.${name}`) && given.length > name.length + 1 : given === name;
}

function withoutLastDot(name: string): string {
  return name.endsWith(".") ? name.slice(0, -1) : name;
}
