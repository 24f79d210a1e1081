import type { HeaderBlock } from "./relay/hpack/index.ts";
import type { Origin } from "./relay/origin.ts";

const FORWARDED_FOR = "x-forwarded-for";

/**
 * The request as the upstream shall have it: in the upstream's own scheme, and with who sent it, by which scheme and to which host, behind what proxies
 * before us have said of that. `forwarded` (RFC 7239) is gone on with where somebody has begun it. `:authority` stays the client's.
 */
export function forwardedRequest(block: HeaderBlock, origin: Origin, upstreamScheme: "http" | "https"): HeaderBlock {
  const { fields } = block;
  const changed: string[] = [];
  let authority = "";
  let hasProto = false;
  let hasHost = false;
  let hasFor = false;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? "";
    let value = fields[i + 1] ?? "";
    switch (name) {
      case ":scheme":
        value = upstreamScheme;
        break;
      case ":authority":
        authority = value;
        break;
      case FORWARDED_FOR:
        // Several lines are one list (RFC 9110, section 5.3): ours is its last member.
        hasFor = true;
        value = isLast(fields, i, FORWARDED_FOR) ? `${value}, ${origin.address}` : value;
        break;
      case "x-forwarded-proto":
        hasProto = true;
        break;
      case "x-forwarded-host":
        hasHost = true;
        break;
      case "forwarded":
        if (isLast(fields, i, name)) value = `${value}, for=${forwardedNode(origin.address)};proto=${origin.scheme}`;
        break;
    }
    changed.push(name, value);
  }
  if (!hasFor) changed.push(FORWARDED_FOR, origin.address);
  if (!hasProto) changed.push("x-forwarded-proto", origin.scheme);
  if (!hasHost && authority !== "") changed.push("x-forwarded-host", authority);
  return { fields: changed, neverIndexed: block.neverIndexed };
}

function isLast(fields: readonly string[], at: number, name: string): boolean {
  for (let i = at + 2; i < fields.length; i += 2) if (fields[i] === name) return false;
  return true;
}

/** An address as RFC 7239, section 6 writes it: IPv6 in brackets and quotes. */
function forwardedNode(address: string): string {
  return address.includes(":") ? `"[${address}]"` : address;
}
