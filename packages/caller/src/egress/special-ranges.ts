import { networkOf, type Network } from "./address.ts";

/** A range that is not part of the public internet. */
export interface SpecialRange {
  readonly network: Network;
  /** What the range is for, as the registries name it. */
  readonly name: string;
}

/** Refused whatever is allowed: what answers there gives away the keys of the machine. */
export const NEVER_ALLOWED: readonly SpecialRange[] = ranges({
  "169.254.0.0/16": "link-local, cloud metadata (RFC 3927)",
  "fe80::/10": "link-local (RFC 4291)",
  "100.100.100.200/32": "cloud metadata",
  "168.63.129.16/32": "cloud metadata",
  "192.0.0.192/32": "cloud metadata",
  "fd00:ec2::/32": "cloud metadata",
  "fd00:42::42/128": "cloud metadata",
  "fd20:ce::254/128": "cloud metadata",
});

/** Where hosts of private networks live: called where a network of the allow list holds the address, or a pattern of it means the host. */
export const PRIVATE: readonly SpecialRange[] = ranges({
  "10.0.0.0/8": "private (RFC 1918)",
  "100.64.0.0/10": "shared by carriers (RFC 6598)",
  "127.0.0.0/8": "loopback (RFC 1122)",
  "172.16.0.0/12": "private (RFC 1918)",
  "192.168.0.0/16": "private (RFC 1918)",
  "::1/128": "loopback (RFC 4291)",
  "fc00::/7": "unique local (RFC 4193)",
  "fec0::/10": "site-local (RFC 3879)",
});

/**
 * Where no host should live: called only where a network of the allow list holds the address. Sources, of this list and the one above: the IANA special-purpose
 * registries for IPv4 and IPv6 (RFC 6890 and its updates), the multicast registries, and that of IPv6 address space, of which 2000::/3 alone is public.
 */
export const RESERVED: readonly SpecialRange[] = ranges({
  "0.0.0.0/8": "this network (RFC 791)",
  "192.0.0.0/24": "protocol assignments (RFC 6890)",
  "192.0.2.0/24": "documentation (RFC 5737)",
  "192.31.196.0/24": "AS112 (RFC 7535)",
  "192.52.193.0/24": "AMT (RFC 7450)",
  "192.88.99.0/24": "6to4 relays (RFC 7526)",
  "192.175.48.0/24": "AS112 (RFC 7534)",
  "198.18.0.0/15": "benchmarking (RFC 2544)",
  "198.51.100.0/24": "documentation (RFC 5737)",
  "203.0.113.0/24": "documentation (RFC 5737)",
  "224.0.0.0/4": "multicast (RFC 5771)",
  "240.0.0.0/4": "reserved and broadcast (RFC 1112)",
  "::/128": "unspecified (RFC 4291)",
  "64:ff9b:1::/48": "local NAT64 (RFC 8215)",
  "100::/64": "discard (RFC 6666)",
  "2001::/23": "protocol assignments, Teredo among them (RFC 2928)",
  "2001:db8::/32": "documentation (RFC 3849)",
  "2620:4f:8000::/48": "AS112 (RFC 7534)",
  "3fff::/20": "documentation (RFC 9637)",
  "5f00::/16": "segment routing (RFC 9602)",
  "ff00::/8": "multicast (RFC 4291)",
  // What is in none of the ranges above and not global unicast, the last of the list.
  "::/3": "reserved (RFC 4291)",
  "4000::/2": "reserved (RFC 4291)",
  "8000::/1": "reserved (RFC 4291)",
});

function ranges(named: Readonly<Record<string, string>>): readonly SpecialRange[] {
  return Object.entries(named).map(([text, name]) => ({ network: networkOf(text), name }));
}
