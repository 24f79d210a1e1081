import { isJsonObject, type JsonObject, type JsonValue } from "@interpose/engine";

/** Deepest nesting of a sample, itself included. */
const MAX_DEPTH = 6;
/** Most values of a sample. */
const MAX_VALUES = 300;

const FORMATS: Readonly<Record<string, string>> = {
  "date-time": "2026-01-01T12:00:00Z",
  date: "2026-01-01",
  time: "12:00:00Z",
  duration: "PT10S",
  email: "user@example.com",
  hostname: "api.example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  uri: "https://example.com/",
  uuid: "01234567-89ab-4cde-8f01-23456789abcd",
};

/** A sample of what a JSON Schema describes, as far as that is simple: examples, defaults and constants go first, then types. References are not followed. */
export function sampleOfSchema(schema: JsonObject): JsonObject {
  const sample = sampleOf(schema, "value", { depth: 1, left: { values: MAX_VALUES } });
  return isJsonObject(sample) ? sample : {};
}

interface Bounds {
  readonly depth: number;
  readonly left: { values: number };
}

function sampleOf(schema: JsonValue | undefined, name: string, bounds: Bounds): JsonValue {
  if (!isJsonObject(schema) || bounds.left.values-- <= 0 || bounds.depth > MAX_DEPTH) return name;
  const given = schema.const ?? first(schema.examples) ?? schema.default ?? first(schema.enum);
  if (given !== undefined) return given;
  const variant = first(schema.oneOf) ?? first(schema.anyOf) ?? first(schema.allOf);
  if (isJsonObject(variant)) {
    const { oneOf: _oneOf, anyOf: _anyOf, allOf: _allOf, ...rest } = schema;
    return sampleOf({ ...rest, ...variant }, name, bounds);
  }
  const within = { ...bounds, depth: bounds.depth + 1 };
  switch (Array.isArray(schema.type) ? first(schema.type) : (schema.type ?? typeByKeywords(schema))) {
    case "object":
      return sampleObject(schema, within);
    case "array": {
      const count = Math.min(Math.max(1, numberOf(schema.minItems) ?? 1), 20);
      return isJsonObject(schema.items)
        ? Array.from({ length: count }, () => sampleOf(schema.items, name, within))
        : [];
    }
    case "integer":
    case "number":
      return numberOf(schema.minimum) ?? (numberOf(schema.exclusiveMinimum) ?? 0) + 1;
    case "boolean":
      return true;
    case "null":
      return null;
    default:
      return sampleText(schema, name);
  }
}

function sampleObject(schema: JsonObject, within: Bounds): JsonObject {
  const properties = isJsonObject(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? schema.required.filter((key) => typeof key === "string") : [];
  const names = new Set([...Object.keys(properties), ...required]);
  return Object.fromEntries([...names].map((key) => [key, sampleOf(properties[key], key, within)]));
}

function sampleText({ format, minLength, maxLength }: JsonObject, name: string): string {
  if (typeof format === "string" && FORMATS[format] !== undefined) return FORMATS[format];
  return name.padEnd(Math.min(numberOf(minLength) ?? 0, 10_000), "x").slice(0, numberOf(maxLength) ?? undefined);
}

function typeByKeywords(schema: JsonObject): string | undefined {
  if (schema.properties ?? schema.required) return "object";
  return schema.items === undefined ? undefined : "array";
}

function first(list: JsonValue | undefined): JsonValue | undefined {
  return Array.isArray(list) ? (list as readonly JsonValue[])[0] : undefined;
}

function numberOf(value: JsonValue | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}
