import { isJsonObject, type JsonObject, type JsonValue } from "@interpose/engine";
import { compilePattern, type Pattern } from "./pattern.ts";

/** Largest schema as JSON, in bytes. */
export const MAX_SCHEMA_BYTES = 64 * 1024;
/** Largest that all patterns of a schema may be together, in instructions: what compiling and first use of them take. */
const MAX_PATTERNS_SIZE = 5_000;
/** How deep subschemas may be nested. */
const MAX_SCHEMA_DEPTH = 32;
const DRAFT = "https://json-schema.org/draft/2020-12/schema";
const TYPES = ["null", "boolean", "number", "integer", "string", "array", "object"];

/** What there is to know of a schema before a value is held against it. */
export interface CheckedSchema {
  readonly root: JsonObject;
  /** Where each `$ref` leads, by its text. */
  readonly refs: ReadonlyMap<string, JsonValue>;
  readonly patterns: ReadonlyMap<string, Pattern>;
}

/** A schema that cannot be used. The text says where, and what would be right. */
export class SchemaFault extends Error {
  override readonly name = "SchemaFault";
}

/** What a keyword's value must be. */
type Form =
  | "schema"
  | "schemas"
  | "map of schemas"
  | "type"
  | "list"
  | "number"
  | "positive"
  | "count"
  | "flag"
  | "names"
  | "map of names"
  | "pattern"
  | "map of patterns"
  | "ref"
  | "root"
  | "refused";

/** Every keyword with a meaning. Others are annotations, as the specification has it. https://json-schema.org/draft/2020-12/json-schema-validation */
const KEYWORDS: ReadonlyMap<string, Form> = new Map<string, Form>([
  ...forms("root", "$schema", "$id"),
  ...forms("ref", "$ref"),
  ...forms("map of schemas", "$defs", "definitions", "properties", "dependentSchemas"),
  ...forms("map of patterns", "patternProperties"),
  ...forms("schemas", "allOf", "anyOf", "oneOf", "prefixItems"),
  ...forms("schema", "not", "if", "then", "else", "items", "contains", "additionalProperties", "propertyNames"),
  ...forms("schema", "unevaluatedItems", "unevaluatedProperties"),
  ...forms("type", "type"),
  ...forms("list", "enum"),
  ...forms("number", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
  ...forms("positive", "multipleOf"),
  ...forms("count", "minLength", "maxLength", "minItems", "maxItems", "minContains", "maxContains"),
  ...forms("count", "minProperties", "maxProperties"),
  ...forms("flag", "uniqueItems"),
  ...forms("names", "required"),
  ...forms("map of names", "dependentRequired"),
  ...forms("pattern", "pattern"),
  ...forms("refused", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "$vocabulary"),
  ...forms("refused", "dependencies", "additionalItems"),
]);

function forms(form: Form, ...keywords: readonly string[]): readonly (readonly [string, Form])[] {
  return keywords.map((keyword) => [keyword, form]);
}

/**
 * Checks that a schema is one of JSON Schema 2020-12, within what is supported: references lead into the schema itself by a JSON pointer, and nothing is ever
 * fetched. Compiles its patterns. Throws SchemaFault.
 */
export function checkSchema(root: JsonObject): CheckedSchema {
  const bytes = Buffer.byteLength(JSON.stringify(root));
  if (bytes > MAX_SCHEMA_BYTES)
    throw new SchemaFault(`the schema has ${bytes} bytes as JSON; ${MAX_SCHEMA_BYTES} are allowed.`);
  const places = new Map<string, JsonValue>();
  const refs = new Map<string, string>();
  const patterns = new Map<string, Pattern>();
  let patternsSize = 0;

  function visit(schema: JsonValue | undefined, pointer: string, depth: number): void {
    if (typeof schema !== "boolean" && !isJsonObject(schema))
      throw fault(pointer, "must be a schema: an object, true or false.");
    if (depth > MAX_SCHEMA_DEPTH)
      throw fault(pointer, `is nested deeper than ${MAX_SCHEMA_DEPTH} levels. Use $defs and $ref.`);
    places.set(pointer, schema);
    if (typeof schema === "boolean") return;
    for (const [keyword, value] of Object.entries(schema)) {
      const form = KEYWORDS.get(keyword);
      if (form) visitKeyword(form, value, `${pointer}/${escaped(keyword)}`, depth);
    }
  }

  function visitKeyword(form: Form, value: JsonValue, at: string, depth: number): void {
    if (form === "schema") {
      visit(value, at, depth + 1);
    } else if (form === "schemas") {
      if (!Array.isArray(value) || value.length === 0) throw fault(at, "must be a list of schemas that is not empty.");
      for (const [i, each] of (value as JsonValue[]).entries()) visit(each, `${at}/${i}`, depth + 1);
    } else if (form === "map of schemas" || form === "map of patterns") {
      if (!isJsonObject(value)) throw fault(at, "must be an object of schemas.");
      for (const [name, each] of Object.entries(value)) {
        if (form === "map of patterns") addPattern(name, at);
        visit(each, `${at}/${escaped(name)}`, depth + 1);
      }
    } else if (form === "pattern") {
      if (typeof value !== "string") throw fault(at, "must be a regular expression.");
      addPattern(value, at);
    } else if (form === "ref") {
      if (typeof value !== "string" || !/^#(\/|$)/.test(value))
        throw fault(at, 'must lead into this schema, such as "#/$defs/name". Other schemas are not fetched.');
      refs.set(value, at);
    } else {
      const wrong = faultOfValue(form, value, at);
      if (wrong !== undefined) throw fault(at, wrong);
    }
  }

  function addPattern(source: string, at: string): void {
    if (patterns.has(source)) return;
    const compiled = compilePattern(source);
    if ("fault" in compiled) throw fault(at, `"${shortened(source)}" ${compiled.fault}`);
    patternsSize += compiled.size;
    if (patternsSize > MAX_PATTERNS_SIZE)
      throw fault(at, "is one pattern too many: together they are too large. Let them repeat less often.");
    patterns.set(source, compiled);
  }

  visit(root, "#", 1);
  const targets = new Map<string, JsonValue>();
  for (const [ref, at] of refs) {
    const target = places.get(pointerOf(ref));
    if (target === undefined) throw fault(at, `"${shortened(ref)}" leads to no schema in this one.`);
    targets.set(ref, target);
  }
  return { root, refs: targets, patterns };
}

/** What is wrong with the value of a keyword that holds no schemas; undefined where nothing is. */
function faultOfValue(form: Form, value: JsonValue, at: string): string | undefined {
  switch (form) {
    case "type": {
      const names: readonly JsonValue[] = Array.isArray(value) ? (value as JsonValue[]) : [value];
      const isRight = names.length > 0 && names.every((name) => typeof name === "string" && TYPES.includes(name));
      return isRight ? undefined : `must be one or several of ${TYPES.join(", ")}.`;
    }
    case "list":
      return Array.isArray(value) ? undefined : "must be a list.";
    case "number":
      return typeof value === "number" ? undefined : "must be a number.";
    case "positive":
      return typeof value === "number" && value > 0 ? undefined : "must be a number greater than 0.";
    case "count":
      return Number.isInteger(value) && Number(value) >= 0 ? undefined : "must be a whole number, 0 or more.";
    case "flag":
      return typeof value === "boolean" ? undefined : "must be true or false.";
    case "names":
      return areNames(value) ? undefined : "must be a list of names.";
    case "map of names":
      return isJsonObject(value) && Object.values(value).every(areNames) ? undefined : "must have lists of names.";
    case "root":
      return faultOfIdentity(value, at);
    default:
      return "is not supported. Use $ref to a place in this schema, and the keywords of JSON Schema 2020-12.";
  }
}

/** `$schema` and `$id` may say what the whole schema is. A part with an id of its own would be a schema of its own. */
function faultOfIdentity(value: JsonValue, at: string): string | undefined {
  if (at === "#/$id") return typeof value === "string" ? undefined : "must be a text.";
  if (at === "#/$schema")
    return value === DRAFT || value === `${DRAFT}#` ? undefined : `must be ${DRAFT}, the one draft that is supported.`;
  return "can only stand at the root of the schema.";
}

function areNames(value: JsonValue): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === "string");
}

/** A part of a JSON pointer. RFC 6901, section 3. */
function escaped(part: string): string {
  return part.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** A reference as the pointer that it is, without the escapes of URLs. RFC 6901, section 6. */
function pointerOf(ref: string): string {
  try {
    return decodeURIComponent(ref);
  } catch {
    return ref;
  }
}

function fault(pointer: string, what: string): SchemaFault {
  return new SchemaFault(`${pointer === "#" ? "the schema" : shortened(pointer)} ${what}`);
}

function shortened(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
