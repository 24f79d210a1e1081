import { isJsonObject, type JsonObject, type JsonValue } from "@interpose/engine";
import type { Budget } from "./budget.ts";
import { canonical } from "./canonical.ts";
import type { CheckedSchema } from "./check-schema.ts";
import { isMultipleOf } from "./multiple-of.ts";
import type { Place } from "./place.ts";

/** One check of one value. */
export interface Check {
  readonly schema: CheckedSchema;
  readonly budget: Budget;
  /** Told what is wrong, and where. It answers false. */
  readonly wrong: (at: Place, rule: string) => false;
}

/** What of a value its schema has looked at, for `unevaluatedProperties` and `unevaluatedItems`. */
interface Seen {
  readonly properties: Set<string>;
  readonly items: Set<number>;
}

/**
 * Whether a value fits a schema, by JSON Schema 2020-12. `format`, as all annotations, is not checked. Throws CheckTooCostly.
 */
export function fits(schema: JsonValue, value: JsonValue, at: Place, check: Check): boolean {
  return evaluate(schema, value, at, check) !== undefined;
}

/** Looks at a value with a schema, and answers what it has seen; undefined where the value does not fit. */
function evaluate(schema: JsonValue, value: JsonValue, at: Place, check: Check): Seen | undefined {
  check.budget.spend(1);
  const seen: Seen = { properties: new Set(), items: new Set() };
  if (schema === true) return seen;
  if (!isJsonObject(schema)) {
    check.wrong(at, "is not allowed here");
    return undefined;
  }
  return check.budget.deeper(() => {
    check.budget.spend(Object.keys(schema).length);
    // Each of them says of its own accord what is wrong: a client is told of all at once.
    const results = [
      typeFits(schema, value, at, check),
      valueFits(schema, value, at, check),
      typeof value === "number" ? numberFits(schema, value, at, check) : true,
      typeof value === "string" ? textFits(schema, value, at, check) : true,
      Array.isArray(value) ? listFits(schema, value as JsonValue[], at, check, seen) : true,
      isJsonObject(value) ? objectFits(schema, value, at, check, seen) : true,
      combinationsFit(schema, value, at, check, seen),
    ];
    if (results.includes(false)) return undefined;
    return restFits(schema, value, at, check, seen) ? seen : undefined;
  });
}

/** The same, without telling anybody. */
function evaluateQuietly(schema: JsonValue, value: JsonValue, at: Place, check: Check): Seen | undefined {
  return evaluate(schema, value, at, { ...check, wrong: () => false });
}

function typeFits({ type }: JsonObject, value: JsonValue, at: Place, { wrong }: Check): boolean {
  if (type === undefined) return true;
  const types = Array.isArray(type) ? (type as string[]) : [type as string];
  const own = typeOf(value);
  const isOne = types.includes(own) || (own === "number" && types.includes("integer") && Number.isInteger(value));
  return isOne || wrong(at, `must be ${types.map(withArticle).join(" or ")}, and is ${withArticle(own)}`);
}

function typeOf(value: JsonValue): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function withArticle(type: string): string {
  if (type === "null") return type;
  return `${/^[aio]/.test(type) ? "an" : "a"} ${type}`;
}

function valueFits(schema: JsonObject, value: JsonValue, at: Place, { wrong, budget }: Check): boolean {
  const isEqual = (other: JsonValue): boolean => canonical(other, budget) === canonical(value, budget);
  if (schema.const !== undefined && !isEqual(schema.const)) return wrong(at, "must be the one value of const");
  if (schema.enum === undefined || (schema.enum as JsonValue[]).some(isEqual)) return true;
  return wrong(at, "must be one of the values of enum");
}

function numberFits(schema: JsonObject, value: number, at: Place, { wrong }: Check): boolean {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema as Partial<
    Record<string, number>
  >;
  if (minimum !== undefined && value < minimum) return wrong(at, `must be ${minimum} or more (minimum)`);
  if (maximum !== undefined && value > maximum) return wrong(at, `must be ${maximum} or less (maximum)`);
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum)
    return wrong(at, `must be more than ${exclusiveMinimum} (exclusiveMinimum)`);
  if (exclusiveMaximum !== undefined && value >= exclusiveMaximum)
    return wrong(at, `must be less than ${exclusiveMaximum} (exclusiveMaximum)`);
  if (multipleOf !== undefined && !isMultipleOf(value, multipleOf))
    return wrong(at, `must be a multiple of ${multipleOf} (multipleOf)`);
  return true;
}

function textFits(
  schema: JsonObject,
  value: string,
  at: Place,
  { schema: { patterns }, wrong, budget }: Check,
): boolean {
  const { minLength, maxLength } = schema as Partial<Record<string, number>>;
  if (minLength !== undefined || maxLength !== undefined) {
    budget.spend(value.length >> 5);
    const length = lengthOf(value);
    if (minLength !== undefined && length < minLength)
      return wrong(at, `must have ${minLength} characters or more (minLength)`);
    if (maxLength !== undefined && length > maxLength)
      return wrong(at, `must have ${maxLength} characters or less (maxLength)`);
  }
  const source = schema.pattern as string;
  const pattern = patterns.get(source);
  if (!pattern) return true;
  budget.spend(pattern.cost(value));
  return pattern.matches(value) || wrong(at, `must match ${source} (pattern)`);
}

/** Characters as Unicode counts them. */
function lengthOf(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    if ((text.codePointAt(i) ?? 0) > 0xffff) i++;
    length++;
  }
  return length;
}

function listFits(schema: JsonObject, value: readonly JsonValue[], at: Place, check: Check, seen: Seen): boolean {
  const { minItems, maxItems } = schema as Partial<Record<string, number>>;
  const { wrong } = check;
  if (minItems !== undefined && value.length < minItems)
    return wrong(at, `must have ${minItems} items or more (minItems)`);
  if (maxItems !== undefined && value.length > maxItems)
    return wrong(at, `must have ${maxItems} items or less (maxItems)`);
  if (schema.uniqueItems === true && hasTwice(value, check)) return wrong(at, "must have no item twice (uniqueItems)");
  const first = (schema.prefixItems ?? []) as readonly JsonValue[];
  let isRight = true;
  for (const [i, item] of value.entries()) {
    const own = i < first.length ? first[i] : schema.items;
    if (own === undefined) break;
    if (fits(own, item, { above: at, part: i }, check)) seen.items.add(i);
    else isRight = false;
  }
  return containsFits(schema, value, at, check, seen) && isRight;
}

function hasTwice(items: readonly JsonValue[], { budget }: Check): boolean {
  return new Set(items.map((item) => canonical(item, budget))).size < items.length;
}

function containsFits(schema: JsonObject, value: readonly JsonValue[], at: Place, check: Check, seen: Seen): boolean {
  const { contains } = schema;
  if (contains === undefined) return true;
  const found = [...value.keys()].filter(
    (i) => evaluateQuietly(contains, value[i] ?? null, { above: at, part: i }, check) !== undefined,
  );
  for (const i of found) seen.items.add(i);
  const { minContains = 1, maxContains = Infinity } = schema as Partial<Record<string, number>>;
  if (found.length < minContains)
    return check.wrong(at, `must have ${minContains} items or more that fit contains, and has ${found.length}`);
  if (found.length > maxContains)
    return check.wrong(at, `must have ${maxContains} items or less that fit contains, and has ${found.length}`);
  return true;
}

function objectFits(schema: JsonObject, value: JsonObject, at: Place, check: Check, seen: Seen): boolean {
  const { wrong, budget } = check;
  const keys = Object.keys(value);
  const { minProperties, maxProperties } = schema as Partial<Record<string, number>>;
  if (minProperties !== undefined && keys.length < minProperties)
    return wrong(at, `must have ${minProperties} properties or more (minProperties)`);
  if (maxProperties !== undefined && keys.length > maxProperties)
    return wrong(at, `must have ${maxProperties} properties or less (maxProperties)`);
  let isRight = requiredFit((schema.required ?? []) as string[], value, at, check, "required");
  for (const [key, names] of Object.entries((schema.dependentRequired ?? {}) as Record<string, string[]>)) {
    if (Object.hasOwn(value, key))
      isRight = requiredFit(names, value, at, check, `dependentRequired of ${shownKey(key)}`) && isRight;
  }
  for (const key of keys) {
    budget.spend(1);
    if (schema.propertyNames !== undefined && evaluateQuietly(schema.propertyNames, key, at, check) === undefined)
      isRight = wrong({ above: at, part: key }, "has a name that is not allowed (propertyNames)");
    isRight = propertyFits(schema, key, value[key] ?? null, at, check, seen) && isRight;
  }
  return isRight;
}

function requiredFit(
  names: readonly string[],
  value: JsonObject,
  at: Place,
  { wrong, budget }: Check,
  rule: string,
): boolean {
  budget.spend(names.length);
  const missing = names.filter((name) => !Object.hasOwn(value, name));
  for (const name of missing) wrong({ above: at, part: name }, `is missing (${rule})`);
  return missing.length === 0;
}

function shownKey(key: string): string {
  return JSON.stringify(key.length > 80 ? `${key.slice(0, 80)}…` : key);
}

function propertyFits(schema: JsonObject, key: string, value: JsonValue, at: Place, check: Check, seen: Seen): boolean {
  const place: Place = { above: at, part: key };
  const schemas: JsonValue[] = [];
  const named = own(schema.properties, key);
  if (named !== undefined) schemas.push(named);
  for (const [source, each] of Object.entries((schema.patternProperties ?? {}) as JsonObject)) {
    const pattern = check.schema.patterns.get(source);
    if (!pattern) continue;
    check.budget.spend(pattern.cost(key));
    if (pattern.matches(key)) schemas.push(each);
  }
  if (schemas.length === 0 && schema.additionalProperties !== undefined) {
    if (schema.additionalProperties === false) return check.wrong(place, "is not allowed here (additionalProperties)");
    schemas.push(schema.additionalProperties);
  }
  if (schemas.length > 0) seen.properties.add(key);
  return schemas.map((each) => fits(each, value, place, check)).every(Boolean);
}

/** What an object has under a key of its own. Keys may be any text, "constructor" among them. */
function own(object: JsonValue | undefined, key: string): JsonValue | undefined {
  return isJsonObject(object) && Object.hasOwn(object, key) ? object[key] : undefined;
}

/** The keywords that hold other schemas against the same value. */
function combinationsFit(schema: JsonObject, value: JsonValue, at: Place, check: Check, seen: Seen): boolean {
  const { allOf, anyOf, oneOf, not } = schema;
  const { wrong } = check;
  const all: JsonValue[] = [...((allOf ?? []) as JsonValue[]), ...conditionsOf(schema, value, at, check, seen)];
  const target = check.schema.refs.get(schema.$ref as string);
  if (target !== undefined) all.push(target);
  for (const [key, each] of Object.entries((schema.dependentSchemas ?? {}) as JsonObject))
    if (isJsonObject(value) && Object.hasOwn(value, key)) all.push(each);
  let isRight = all.map((each) => absorb(seen, evaluate(each, value, at, check))).every(Boolean);
  for (const [rule, schemas] of Object.entries({ anyOf, oneOf })) {
    if (schemas === undefined) continue;
    const results = (schemas as JsonValue[]).map((each) => absorb(seen, evaluateQuietly(each, value, at, check)));
    const fitting = results.filter(Boolean).length;
    if (fitting === 0) isRight = wrong(at, `fits none of the schemas of ${rule}`);
    else if (fitting > 1 && rule === "oneOf")
      isRight = wrong(at, `fits ${fitting} of the schemas of oneOf, and must fit one`);
  }
  if (not !== undefined && evaluateQuietly(not, value, at, check)) isRight = wrong(at, "fits the schema of not");
  return isRight;
}

/** The schema that `if` chooses. */
function conditionsOf(schema: JsonObject, value: JsonValue, at: Place, check: Check, seen: Seen): readonly JsonValue[] {
  if (schema.if === undefined) return [];
  const chosen = absorb(seen, evaluateQuietly(schema.if, value, at, check)) ? schema.then : schema.else;
  return chosen === undefined ? [] : [chosen];
}

function absorb(seen: Seen, other: Seen | undefined): boolean {
  if (!other) return false;
  for (const key of other.properties) seen.properties.add(key);
  for (const item of other.items) seen.items.add(item);
  return true;
}

/** What no other keyword has looked at. */
function restFits(schema: JsonObject, value: JsonValue, at: Place, check: Check, seen: Seen): boolean {
  const { unevaluatedItems, unevaluatedProperties } = schema;
  let isRight = true;
  if (unevaluatedItems !== undefined && Array.isArray(value)) {
    for (const [i, item] of (value as JsonValue[]).entries()) {
      if (seen.items.has(i)) continue;
      isRight = fits(unevaluatedItems, item, { above: at, part: i }, check) && isRight;
      seen.items.add(i);
    }
  }
  if (unevaluatedProperties !== undefined && isJsonObject(value)) {
    for (const [key, each] of Object.entries(value)) {
      if (seen.properties.has(key)) continue;
      isRight = fits(unevaluatedProperties, each, { above: at, part: key }, check) && isRight;
      seen.properties.add(key);
    }
  }
  return isRight;
}
