import { FieldDescriptorProto_Type as Type } from "@bufbuild/protobuf/wkt";
import type { Cursor } from "./cursor.ts";
import { bytesValue, integerText, textValue } from "./cursor.ts";
import type { OptionStatement } from "./context.ts";

/** Bits of the integer types, and whether they have a sign. */
const INTEGERS = new Map<Type, { readonly bits: bigint; readonly isSigned: boolean }>([
  [Type.INT32, { bits: 32n, isSigned: true }],
  [Type.SINT32, { bits: 32n, isSigned: true }],
  [Type.SFIXED32, { bits: 32n, isSigned: true }],
  [Type.UINT32, { bits: 32n, isSigned: false }],
  [Type.FIXED32, { bits: 32n, isSigned: false }],
  [Type.INT64, { bits: 64n, isSigned: true }],
  [Type.SINT64, { bits: 64n, isSigned: true }],
  [Type.SFIXED64, { bits: 64n, isSigned: true }],
  [Type.UINT64, { bits: 64n, isSigned: false }],
  [Type.FIXED64, { bits: 64n, isSigned: false }],
]);

/**
 * A default as descriptors spell it (`FieldDescriptorProto.default_value`): numbers in decimal, texts without quotes, bytes with C's escapes, an enum's value by
 * name. `type` is undefined where the field's type is a name, which with a default must be an enum's.
 */
export function defaultValue(cursor: Cursor, { value, offset }: OptionStatement, type: Type | undefined): string {
  const texts = value.map(({ text }) => text);
  const wrong = (expected: string): never =>
    cursor.fail(`a default must be ${expected}, not ${texts.join(" ")}`, offset);
  const single = texts.length === 1 ? texts[0] : undefined;
  switch (type) {
    case undefined:
      return value[0]?.kind === "name" && single !== undefined ? single : wrong("the name of an enum's value");
    case Type.BOOL:
      return single === "true" || single === "false" ? single : wrong("true or false");
    case Type.STRING:
    case Type.BYTES:
      if (value.some(({ kind }) => kind !== "text")) return wrong("a text in quotes");
      return type === Type.STRING ? textValue(texts.join(" ")) : escaped(bytesValue(texts.join(" ")));
    case Type.FLOAT:
    case Type.DOUBLE:
      return floatText(texts, type === Type.FLOAT ? Math.fround : Number) ?? wrong("a number");
    default: {
      const integer = INTEGERS.get(type);
      if (!integer) return wrong("left out: messages have none");
      return integerDefault(texts, integer.bits, integer.isSigned) ?? wrong("an integer that the type can hold");
    }
  }
}

function integerDefault(texts: readonly string[], bits: bigint, isSigned: boolean): string | undefined {
  const magnitude = magnitudeOf(texts);
  if (magnitude === undefined) return undefined;
  const value = texts[0] === "-" ? -magnitude : magnitude;
  const low = isSigned ? -(1n << (bits - 1n)) : 0n;
  const high = isSigned ? (1n << (bits - 1n)) - 1n : (1n << bits) - 1n;
  return value < low || value > high ? undefined : value.toString();
}

function magnitudeOf(texts: readonly string[]): bigint | undefined {
  const [first, ...rest] = texts[0] === "-" ? texts.slice(1) : texts;
  const text = first !== undefined && rest.length === 0 && /^\d/.test(first) ? integerText(first) : undefined;
  return text === undefined || /[.eE]/.test(text.replace(/^0[xX].*/, "")) ? undefined : BigInt(text);
}

function floatText(texts: readonly string[], rounded: (value: number) => number): string | undefined {
  const isNegative = texts[0] === "-";
  const [first, ...rest] = isNegative ? texts.slice(1) : texts;
  if (first === undefined || rest.length > 0) return undefined;
  if (first === "nan") return "nan";
  if (first === "inf") return isNegative ? "-inf" : "inf";
  const integer = magnitudeOf([first]);
  const value = rounded(integer === undefined ? Number(first) : Number(integer));
  if (Number.isNaN(value)) return undefined;
  if (!Number.isFinite(value)) return isNegative ? "-inf" : "inf";
  return `${isNegative ? "-" : ""}${value}`;
}

const ESCAPES = new Map<number, string>([
  [0x09, "\\t"],
  [0x0a, "\\n"],
  [0x0d, "\\r"],
  [0x22, '\\"'],
  [0x27, "\\'"],
  [0x5c, "\\\\"],
]);

function escaped(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => {
    const escape = ESCAPES.get(byte);
    if (escape !== undefined) return escape;
    return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, "0")}`;
  }).join("");
}
