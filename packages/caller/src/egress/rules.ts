import { contains, parseAddress, type IpAddress } from "./address.ts";
import { parseAllowList, type AllowList } from "./allow-list.ts";
import { carriedBy } from "./carried-addresses.ts";
import { matchesHost } from "./host-pattern.ts";
import { NEVER_ALLOWED, PRIVATE, RESERVED, type SpecialRange } from "./special-ranges.ts";

/** Whether an address may be called, and if not, why. */
export type Verdict = { readonly allowed: true } | { readonly allowed: false; readonly because: string };

/** Which addresses may be called. */
export interface EgressRules {
  /**
   * Judges an address in its usual text. What is no address is refused. `host` is the name that it was found for, as the URL standard spells hosts; undefined
   * where the address itself stands in the URL.
   */
  check(address: string, host?: string): Verdict;
}

/** What rules are made of. */
export interface EgressLists {
  /** Entries of the setting `egress.allow`. */
  readonly allow: readonly string[];
  /** Public addresses too are called only where an entry allows it. Default: false. */
  readonly only?: boolean;
  /** Entries of a target's own list, which allows for it what the setting does for all. Default: none. */
  readonly ofTarget?: readonly string[];
}

/**
 * Rules that allow public addresses, and what the lists have: networks, and the addresses of hosts that a pattern means, as long as they are public or private.
 * Link-local and metadata addresses are refused whatever the lists have. A text that is no entry of a list throws `settings_invalid`, naming it.
 */
export function createEgressRules({ allow, only = false, ofTarget = [] }: EgressLists): EgressRules {
  const lists = [parseAllowList(allow, "egress.allow"), parseAllowList(ofTarget, "egress_allow")];
  const allowed = { networks: lists.flatMap(({ networks }) => networks), hosts: lists.flatMap(({ hosts }) => hosts) };
  return {
    check(text, host) {
      const address = parseAddress(text);
      if (!address) return refused(`"${text}" is not an IP address`);
      const isNamed = host !== undefined && allowed.hosts.some((pattern) => matchesHost(pattern, host));
      return judge(address, { networks: allowed.networks, isNamed, only });
    },
  };
}

interface Allowed extends Pick<AllowList, "networks"> {
  /** Whether a pattern means the host. */
  readonly isNamed: boolean;
  readonly only: boolean;
}

const LISTS = "egress.allow (INTERPOSE_EGRESS_ALLOW) or egress_allow of the target";

function judge(address: IpAddress, allowed: Allowed): Verdict {
  const never = refuseNever(address);
  if (!never.allowed) return never;
  const carried = carriedBy(address);
  for (const each of carried) {
    const verdict = each.counts === "maybe" ? refuseNever(each.address) : judge(each.address, allowed);
    if (!verdict.allowed) return refused(`${each.form}: ${verdict.because}`);
  }
  // The form in which an address is written may be allowed; what it leads to must be, and that alone counts.
  if (carried.some(({ counts }) => counts === "instead")) return { allowed: true };
  return judgeItself(address, allowed);
}

/** Refuses only what is refused whatever is allowed. */
function refuseNever(address: IpAddress): Verdict {
  const never = rangeOf(address, NEVER_ALLOWED);
  return never ? refused(`${never.name} addresses are never called`) : { allowed: true };
}

function judgeItself(address: IpAddress, { networks, isNamed, only }: Allowed): Verdict {
  if (networks.some((network) => contains(network, address))) return { allowed: true };
  const inPrivate = rangeOf(address, PRIVATE);
  // Some private ranges lie in reserved ones.
  const reserved = inPrivate ? undefined : rangeOf(address, RESERVED);
  if (reserved) return refused(`${reserved.name} addresses are called only where ${LISTS} has their network`);
  if (isNamed) return { allowed: true };
  const where = `only where ${LISTS} has their network or the name of their host`;
  if (inPrivate) return refused(`${inPrivate.name} addresses are called ${where}`);
  return only ? refused(`with egress.only (INTERPOSE_EGRESS_ONLY), addresses are called ${where}`) : { allowed: true };
}

function rangeOf(address: IpAddress, ranges: readonly SpecialRange[]): SpecialRange | undefined {
  return ranges.find(({ network }) => contains(network, address));
}

function refused(because: string): Verdict {
  return { allowed: false, because };
}
