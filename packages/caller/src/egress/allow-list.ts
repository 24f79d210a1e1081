import { InterposeError } from "@interpose/engine";
import { parseNetwork, type Network } from "./address.ts";
import { formatHostPattern, parseHostPattern, type HostPattern } from "./host-pattern.ts";

/** What an entry of an allow list lets be called. */
export type AllowEntry =
  | { readonly kind: "network"; readonly network: Network }
  /** Addresses of hosts with such names, private ones among them. */
  | { readonly kind: "host"; readonly pattern: HostPattern };

/** An entry, with its text in one spelling; or what is wrong with it. */
export type ReadAllowEntry =
  | { readonly entry: AllowEntry; readonly text: string; readonly fault?: undefined }
  | { readonly entry?: undefined; readonly text?: undefined; readonly fault: string };

/** What an allow list lets be called. */
export interface AllowList {
  readonly networks: readonly Network[];
  readonly hosts: readonly HostPattern[];
}

/** Longest text of an entry: a name, with a wildcard and a dot at the end. */
const MAX_ENTRY_LENGTH = 256;

/** Reads an entry of an allow list: a network in CIDR form, an address, the name of a host, or `*.` before one. */
export function readAllowEntry(given: string): ReadAllowEntry {
  const text = given.trim();
  if (text.length > MAX_ENTRY_LENGTH) return { fault: `"${text.slice(0, 40)}…" is too long for a network or a host.` };
  const network = parseNetwork(text);
  if (network) return { entry: { kind: "network", network }, text: text.toLowerCase() };
  const pattern = parseHostPattern(text);
  if (pattern) return { entry: { kind: "host", pattern }, text: formatHostPattern(pattern) };
  if (/^[^/]+\/[^/]*$/.test(text))
    return { fault: `"${text}" is not a network. Write it as a CIDR, such as 10.0.0.0/8 or ::1/128.` };
  const ways = "hooks.corp, or as *.corp for all names that end in .corp: without scheme, port and path";
  return { fault: `"${text}" is neither a network, such as 10.0.0.0/8, nor a host. Write a host as ${ways}.` };
}

/** Reads an allow list. A text that is no entry of one throws `settings_invalid`, naming it and its setting. */
export function parseAllowList(texts: readonly string[], setting: string): AllowList {
  const networks: Network[] = [];
  const hosts: HostPattern[] = [];
  for (const text of texts) {
    const { entry, fault } = readAllowEntry(text);
    if (fault !== undefined) throw new InterposeError("settings_invalid", `${setting}: ${fault}`);
    if (entry.kind === "network") networks.push(entry.network);
    else hosts.push(entry.pattern);
  }
  return { networks, hosts };
}
