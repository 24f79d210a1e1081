import type { HeaderBlock, HeaderList } from "../relay/hpack/index.ts";

/** The value of the first field of a name. */
export function fieldOf({ fields }: HeaderBlock, name: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) return fields[i + 1];
  return undefined;
}

/** The values of all fields of a name. */
export function valuesOf({ fields }: HeaderBlock, name: string): readonly string[] {
  return fields.filter((_, i) => i % 2 === 1 && fields[i - 1] === name);
}

/** A block without the fields of some names; the same one, where it has none of them. */
export function without(block: HeaderBlock, ...names: readonly string[]): HeaderBlock {
  if (!names.some((name) => fieldOf(block, name) !== undefined)) return block;
  const fields = block.fields.filter((_, i) => !names.includes(block.fields[i - (i % 2)] ?? ""));
  return { fields, neverIndexed: block.neverIndexed };
}

/** A block with a field in the place of all others of its name. */
export function withField(block: HeaderBlock, name: string, value: string): HeaderBlock {
  const rest = without(block, name);
  // Pseudo-fields come first (RFC 9113, section 8.3).
  const fields = name.startsWith(":") ? [name, value, ...rest.fields] : [...rest.fields, name, value];
  return { fields, neverIndexed: rest.neverIndexed };
}

/** A block of fields that are ours to choose. */
export function blockOf(fields: HeaderList, neverIndexed?: HeaderBlock["neverIndexed"]): HeaderBlock {
  return { fields, neverIndexed };
}

/** Fields that every protocol has for its own use, and that mean nothing in another one. Pseudo-fields are among them. */
const OWN_FIELDS =
  /^(:.*|te|trailer|content-type|content-length|content-encoding|accept|accept-encoding|connect-.*|grpc-(?!trace-bin$|tags-bin$|previous-rpc-attempts$).*|x-grpc-web)$/;

/** Names and values of what callers and API say to each other beside messages, whatever the protocol. */
export function metadataOf({ fields }: HeaderBlock): string[] {
  const metadata: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? "";
    if (!OWN_FIELDS.test(name)) metadata.push(name, fields[i + 1] ?? "");
  }
  return metadata;
}
