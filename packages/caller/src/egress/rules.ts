import { contains, parseAddress, type IpAddress, type Network } from "./address.ts";
import { parseNetworks } from "./networks.ts";
import { EMBEDDING_RANGES, NEVER_ALLOWED, NOT_PUBLIC } from "./special-ranges.ts";

/** Whether an address may be called, and if not, why. */
export type Verdict = { readonly allowed: true } | { readonly allowed: false; readonly because: string };

/** Which addresses may be called. */
export interface EgressRules {
  /** Judges an address in its usual text. What is no address is refused. */
  check(address: string): Verdict;
}

/**
 * Rules that allow public addresses and the given networks (CIDRs). Link-local and metadata addresses are refused even inside of
 * those. A text that is no network throws `settings_invalid`, naming it.
 */
export function createEgressRules(allow: readonly string[]): EgressRules {
  const allowed = parseNetworks(allow, "egress.allow");
  return {
    check(text) {
      const address = parseAddress(text);
      return address ? judge(address, allowed) : { allowed: false, because: `"${text}" is not an IP address` };
    },
  };
}

function judge(address: IpAddress, allow: readonly Network[]): Verdict {
  const never = NEVER_ALLOWED.find(({ network }) => contains(network, address));
  if (never) return { allowed: false, because: `${never.name} addresses are never called` };
  const inner = embedded(address);
  if (inner) {
    // The form in which it was written may be allowed by name; what it leads to must be allowed in any case.
    const verdict = judge(inner.address, allow);
    return verdict.allowed ? verdict : { allowed: false, because: `${inner.name}: ${verdict.because}` };
  }
  if (allow.some((network) => contains(network, address))) return { allowed: true };
  const special = NOT_PUBLIC.find(({ network }) => contains(network, address));
  if (!special) return { allowed: true };
  return {
    allowed: false,
    because: `${special.name} addresses are called only where INTERPOSE_EGRESS_ALLOW has their network`,
  };
}

/** The IPv4 address that an IPv6 address carries, if it does. `::` and `::1` look alike but carry none. */
function embedded(address: IpAddress): { readonly address: IpAddress; readonly name: string } | undefined {
  if (address.family !== 6 || address.value <= 1n) return undefined;
  const range = EMBEDDING_RANGES.find(({ network }) => contains(network, address));
  if (!range) return undefined;
  return { address: { family: 4, value: (address.value >> range.shift) & 0xffff_ffffn }, name: range.name };
}
