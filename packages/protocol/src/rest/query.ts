import { ScalarType, type DescField, type DescMessage } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { isJsonObject, type JsonValue } from "@interpose/engine";
import { isSameJson } from "../json/overlay.ts";
import type { Route } from "./bindings.ts";
import { at, dotted, fieldsNamed, without } from "./fields-in-json.ts";
import { notInRequest } from "./not-in-request.ts";
import { isTextMessage, textFromJson } from "./text-value.ts";

/** A field, and what a query says of it. */
interface Parameter {
  readonly fields: readonly DescField[];
  /** Several for a list; undefined for what a query cannot say, for the reason in `why`. */
  readonly texts: readonly string[] | undefined;
  readonly why?: string;
}

/** The query that holds what neither path nor body say, given the message's canonical JSON. Throws `not_over_rest` for what no query can hold. */
export function queryOf(route: Route, json: JsonValue): string {
  return written([...parametersOf(route, json).values()]);
}

/**
 * A query in which the parameters of fields that changed are written anew, at its end. All others stay as they were written, those of which we know nothing too.
 */
export function changedQuery(route: Route, before: JsonValue, after: JsonValue, query: string): string {
  const [was, is] = [parametersOf(route, before), parametersOf(route, after)];
  const changed = new Set(
    [...was.keys(), ...is.keys()].filter((name) => {
      const [old, now] = [was.get(name), is.get(name)];
      if (!old || !now) return true;
      return old.texts && now.texts
        ? !isSameJson(old.texts, now.texts)
        : !isSameJson(at(before, old.fields), at(after, now.fields));
    }),
  );
  if (changed.size === 0) return query;
  const inPath = new Set(route.variableFields.map(dotted));
  const stays = (parameter: string): boolean => {
    const [name = ""] = new URLSearchParams(parameter).keys();
    const fields = fieldsNamed(route.method.input, name);
    if (!fields || fields[0] === route.body) return true;
    // A parameter brings the messages around its field with it, even if its value is zero.
    const isInside = fields.length === 1 || at(after, fields.slice(0, -1)) !== undefined;
    return isInside && !changed.has(dotted(fields)) && !inPath.has(dotted(fields));
  };
  const kept = query.split("&").filter((parameter) => parameter !== "" && stays(parameter));
  const added = written([...is].filter(([name]) => changed.has(name)).map(([, parameter]) => parameter));
  return [...kept, ...(added === "" ? [] : [added])].join("&");
}

function written(parameters: readonly Parameter[]): string {
  return parameters
    .flatMap(({ fields, texts, why = "" }) => {
      if (!texts) throw notInRequest(fields, why);
      return texts.map((text) => `${encodeURIComponent(dotted(fields))}=${encodeURIComponent(text.toWellFormed())}`);
    })
    .join("&");
}

/** By the names of the fields, as JSON spells them. */
function parametersOf(route: Route, json: JsonValue): ReadonlyMap<string, Parameter> {
  const found = new Map<string, Parameter>();
  if (route.body === "message") return found;
  const left = route.variableFields.reduce((rest, fields) => without(rest, fields, "camel"), json);
  collect(route.method.input, left, []);
  return found;

  function collect(message: DescMessage, value: JsonValue, around: readonly DescField[]): void {
    if (!isJsonObject(value)) return;
    for (const field of message.fields) {
      if (!Object.hasOwn(value, field.jsonName) || field === route.body) continue;
      add(field, value[field.jsonName] ?? null, [...around, field]);
    }
  }

  function add(field: DescField, value: JsonValue, fields: readonly DescField[]): void {
    const note = (parameter: Omit<Parameter, "fields">): void =>
      void found.set(dotted(fields), { fields, ...parameter });
    const refuse = (why: string): void => note({ texts: undefined, why });
    if (field.fieldKind === "map") refuse("a map has no place in a query");
    else if (field.message && !isTextMessage(field.message)) {
      if (field.fieldKind === "list") refuse("a list of messages has no place in a query");
      else if (field.message.typeName.startsWith("google.protobuf."))
        refuse(`a ${field.message.typeName} has no place in a query`);
      else if (isJsonObject(value) && Object.keys(value).length > 0) collect(field.message, value, fields);
      else addEmpty(field.message, fields, refuse);
    } else
      note({
        texts: (field.fieldKind === "list" ? (value as readonly JsonValue[]) : [value]).map(
          (each) => textFromJson(each) ?? "",
        ),
      });
  }

  /** A message in which nothing is set is there by a zero value in it. */
  function addEmpty(message: DescMessage, fields: readonly DescField[], refuse: (why: string) => void): void {
    for (const field of message.fields) {
      const zero = zeroText(field);
      if (zero === undefined) continue;
      const inner = [...fields, field];
      found.set(dotted(inner), { fields: inner, texts: [zero] });
      return;
    }
    refuse("a message in which nothing is set has no place in a query");
  }
}

/** The text of a zero value that is the same as no value; undefined for fields that know the difference. */
function zeroText(field: DescField): string | undefined {
  if (field.fieldKind === "enum" && field.presence === FeatureSet_FieldPresence.IMPLICIT)
    return field.enum.values[0]?.name;
  if (field.fieldKind !== "scalar" || field.presence !== FeatureSet_FieldPresence.IMPLICIT) return undefined;
  if (field.scalar === ScalarType.STRING || field.scalar === ScalarType.BYTES) return "";
  return field.scalar === ScalarType.BOOL ? "false" : "0";
}
