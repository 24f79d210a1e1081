/** An IP address as a number, with the width of its family. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** A network: all addresses that share the first `prefix` bits. */
export interface Network {
  readonly family: 4 | 6;
  readonly value: bigint;
  readonly prefix: number;
}

const WIDTH = { 4: 32, 6: 128 } as const;

/** Reads an address in its usual text. Zone ids, octal and other odd forms are undefined. */
export function parseAddress(text: string): IpAddress | undefined {
  const value4 = parseIpv4(text);
  if (value4 !== undefined) return { family: 4, value: value4 };
  const value6 = parseIpv6(text);
  return value6 === undefined ? undefined : { family: 6, value: value6 };
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return value;
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] ?? "");
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? "") : [];
  if (!head || !tail) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array<bigint>(missing).fill(0n), ...tail];
  return groups.reduce((value, group) => (value << 16n) | group, 0n);
}

/** Groups of 16 bits; a dotted IPv4 at the end counts as two. */
function groupsOf(text: string): bigint[] | undefined {
  if (text === "") return [];
  const groups: bigint[] = [];
  const parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    const ipv4 = i === parts.length - 1 && part.includes(".") ? parseIpv4(part) : undefined;
    if (ipv4 !== undefined) groups.push(ipv4 >> 16n, ipv4 & 0xffffn);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(BigInt(`0x${part}`));
    else return undefined;
  }
  return groups;
}

/** Reads a network in CIDR form; an address alone is a network of one. Undefined when it is none. */
export function parseNetwork(text: string): Network | undefined {
  const [addressText = "", prefixText, ...rest] = text.split("/");
  const address = parseAddress(addressText);
  if (!address || rest.length > 0) return undefined;
  const width = WIDTH[address.family];
  if (prefixText === undefined) return { ...address, prefix: width };
  if (!/^\d{1,3}$/.test(prefixText) || Number(prefixText) > width) return undefined;
  return { ...address, prefix: Number(prefixText) };
}

/** A network that the program itself names, in CIDR form. */
export function networkOf(text: string): Network {
  const network = parseNetwork(text);
  if (!network) throw new Error(`"${text}" is no network`);
  return network;
}

/** Whether a network holds an address of its own family. */
export function contains(network: Network, address: IpAddress): boolean {
  if (network.family !== address.family) return false;
  const shift = BigInt(WIDTH[network.family] - network.prefix);
  return network.value >> shift === address.value >> shift;
}
