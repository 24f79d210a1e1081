import { contains, networkOf, type IpAddress, type Network } from "./address.ts";

/** An IPv4 address that an IPv6 address carries: where packets may end up. */
export interface CarriedAddress {
  readonly address: IpAddress;
  /** By which form it is carried. */
  readonly form: string;
  /**
   * What follows from it. `instead`: it is what is called, and judged in place of the address that carries it. `beside`: both are judged. `maybe`: where
   * it stands depends on how the network was set up, so this is one way of reading it.
   */
  readonly counts: "instead" | "beside" | "maybe";
}

interface Form extends Omit<CarriedAddress, "address"> {
  readonly network: Network;
  /** The IPv4 addresses in an address of the network. */
  readonly read: (value: bigint) => readonly bigint[];
}

const lastBits = (value: bigint): readonly bigint[] => [bits(value, 96, 128)];

const FORMS: readonly Form[] = [
  { form: "IPv4-mapped (RFC 4291)", network: networkOf("::ffff:0:0/96"), counts: "instead", read: lastBits },
  { form: "IPv4-translated (RFC 2765)", network: networkOf("::ffff:0:0:0/96"), counts: "instead", read: lastBits },
  { form: "NAT64 (RFC 6052)", network: networkOf("64:ff9b::/96"), counts: "instead", read: lastBits },
  { form: "6to4 (RFC 3056)", network: networkOf("2002::/16"), counts: "instead", read: (v) => [bits(v, 16, 48)] },
  { form: "IPv4-compatible (RFC 4291)", network: networkOf("::/96"), counts: "instead", read: lastBits },
  {
    form: "Teredo (RFC 4380)",
    network: networkOf("2001::/32"),
    counts: "beside",
    read: (value) => [bits(value, 32, 64), bits(value, 96, 128) ^ 0xffff_ffffn],
  },
  {
    form: "local NAT64 (RFC 8215)",
    network: networkOf("64:ff9b:1::/48"),
    counts: "maybe",
    // RFC 6052, section 2.2: behind a prefix of 48, 56, 64 or 96 bits, around the eight bits that are zero.
    read: (value) => [
      (bits(value, 48, 64) << 16n) | bits(value, 72, 88),
      (bits(value, 56, 64) << 24n) | bits(value, 72, 96),
      bits(value, 72, 104),
      bits(value, 96, 128),
    ],
  },
];

/** The IPv4 addresses that an IPv6 address carries. `::` and `::1` look as if they did, and carry none. */
export function carriedBy({ family, value }: IpAddress): readonly CarriedAddress[] {
  if (family !== 6 || value <= 1n) return [];
  const carried: CarriedAddress[] = [];
  for (const { network, form, counts, read } of FORMS) {
    if (!contains(network, { family, value })) continue;
    for (const inner of read(value)) carried.push({ address: { family: 4, value: inner }, form, counts });
  }
  // Whatever the network: RFC 5214, section 6.1.
  if ((bits(value, 64, 96) & ~0x0200_0000n) === 0x5efen)
    carried.push({ address: { family: 4, value: bits(value, 96, 128) }, form: "ISATAP (RFC 5214)", counts: "beside" });
  return carried;
}

/** Bits of an IPv6 address, counted from its beginning, up to and without the last one. */
function bits(value: bigint, from: number, to: number): bigint {
  return (value >> BigInt(128 - to)) & ((1n << BigInt(to - from)) - 1n);
}
