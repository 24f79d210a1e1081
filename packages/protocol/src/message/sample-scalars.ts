import { ScalarType } from "@bufbuild/protobuf";
import type { JsonValue } from "@interpose/engine";
import type { FieldRules, StringRules } from "../gen/buf/validate/validate_pb.js";

/** Longest text that a sample has for a rule's sake. */
const MAX_LENGTH = 10_000;

/** Values of the forms that protovalidate knows by name. */
const FORMS: Readonly<Record<string, string>> = {
  email: "user@example.com",
  hostname: "api.example.com",
  ip: "192.0.2.1",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  uri: "https://example.com/",
  uriRef: "/path",
  address: "api.example.com",
  uuid: "01234567-89ab-4cde-8f01-23456789abcd",
  tuuid: "0123456789ab4cde8f0123456789abcd",
  hostAndPort: "api.example.com:443",
  ipWithPrefixlen: "192.0.2.1/24",
  ipv4WithPrefixlen: "192.0.2.1/24",
  ipv6WithPrefixlen: "2001:db8::1/64",
  ipPrefix: "192.0.2.0/24",
  ipv4Prefix: "192.0.2.0/24",
  ipv6Prefix: "2001:db8::/64",
};

/** Texts that the patterns of many an API are tried with. */
const TRIED = [
  "a",
  "A",
  "1",
  "abc",
  "ABC",
  "123",
  "a1",
  "A-1",
  "abc-123",
  "name",
  "0",
  "1.0.0",
  "v1",
  "en",
  "en-US",
  "EUR",
  "+10000000000",
  "/a",
  "2026-01-01",
];

/** What is set in rules: their type has defaults of its own, which rule nothing. */
export function setIn<R extends object>(rules: R): Partial<R> {
  return { ...rules };
}

/** A text that fulfils simple rules, and says by a field's name what it is for. */
export function sampleText(rules: Partial<StringRules> | undefined, name: string): string {
  if (!rules) return byName(name);
  const given = rules.const ?? rules.in?.[0];
  if (given !== undefined) return given;
  const form = rules.wellKnown?.case === undefined || !rules.wellKnown.value ? undefined : FORMS[rules.wellKnown.case];
  if (form !== undefined) return form;
  const own = fitted(byName(name), rules);
  if (rules.pattern === undefined) return own;
  return (
    [own, ...TRIED.map((text) => fitted(text, rules)), ...TRIED].find((text) => matches(text, rules.pattern)) ?? own
  );
}

/** A text with what it must begin with, hold and end with, as long as it must be. */
function fitted(text: string, rules: Partial<StringRules>): string {
  const least = Number(rules.len ?? rules.minLen ?? rules.minBytes ?? 0n);
  const most = Number(rules.len ?? rules.maxLen ?? rules.maxBytes ?? BigInt(MAX_LENGTH));
  const [before, after] = [`${rules.prefix ?? ""}${rules.contains ?? ""}`, rules.suffix ?? ""];
  const room = Math.max(0, most - before.length - after.length);
  const filled = text.padEnd(Math.min(least - before.length - after.length, MAX_LENGTH), "x");
  return `${before}${filled.slice(0, room)}${after}`;
}

/** RE2, in which rules are written, is nearly a part of what Node knows; what it does not know matches nothing. The texts are short, and ours. */
function matches(text: string, pattern: string | undefined): boolean {
  try {
    return new RegExp(pattern ?? "", "u").test(text);
  } catch {
    return false;
  }
}

function byName(name: string): string {
  const last = name.toLowerCase().split("_").at(-1) ?? "";
  switch (last) {
    case "id":
      return "1";
    case "email":
      return "user@example.com";
    case "url":
    case "uri":
    case "endpoint":
      return "https://example.com/";
    case "phone":
      return "+10000000000";
    default:
      return name === "" ? "text" : name.replaceAll("_", " ");
  }
}

const AS_TEXT: ReadonlySet<ScalarType> = new Set([
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.SINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
]);
const FRACTIONS: ReadonlySet<ScalarType> = new Set([ScalarType.FLOAT, ScalarType.DOUBLE]);

/** A number that fulfils simple rules. Those of 64 bits are texts, as in canonical JSON. */
export function sampleNumber(type: ScalarType, rules: FieldRules | undefined): JsonValue {
  if (AS_TEXT.has(type)) return String(wholeNumber(boundsOf(rules)));
  return plainNumber(boundsOf(rules), FRACTIONS.has(type));
}

interface Bounds {
  readonly const?: number | bigint | undefined;
  readonly in?: readonly (number | bigint)[];
  readonly lessThan?: { readonly case?: string | undefined; readonly value?: number | bigint | undefined };
  readonly greaterThan?: { readonly case?: string | undefined; readonly value?: number | bigint | undefined };
}

function boundsOf(rules: FieldRules | undefined): Bounds {
  return typeof rules?.type.value === "object" ? setIn(rules.type.value as Bounds) : {};
}

function wholeNumber({ const: only, in: among, greaterThan, lessThan }: Bounds): bigint {
  const given = only ?? among?.[0];
  if (given !== undefined) return BigInt(given);
  const [least, most] = [greaterThan?.value, lessThan?.value];
  if (least !== undefined) return BigInt(least) + (greaterThan?.case === "gt" ? 1n : 0n);
  if (most === undefined || BigInt(most) > 1n) return 1n;
  return BigInt(most) - (lessThan?.case === "lt" ? 1n : 0n);
}

function plainNumber({ const: only, in: among, greaterThan, lessThan }: Bounds, isFraction: boolean): number {
  const given = only ?? among?.[0];
  if (given !== undefined) return Number(given);
  const least = greaterThan?.value === undefined ? undefined : Number(greaterThan.value);
  const most = lessThan?.value === undefined ? undefined : Number(lessThan.value);
  if (isFraction && least !== undefined && most !== undefined && least < most) return (least + most) / 2;
  if (least !== undefined)
    return Math.max(least + (greaterThan?.case === "gt" ? 1 : 0), most === undefined || most > 1 ? 1 : least);
  if (most === undefined || most > 1) return 1;
  return most - (lessThan?.case === "lt" ? 1 : 0);
}
