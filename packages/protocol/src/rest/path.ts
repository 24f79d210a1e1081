import type { JsonValue } from "@interpose/engine";
import type { Route } from "./bindings.ts";
import { at } from "./fields-in-json.ts";
import { notInRequest } from "./not-in-request.ts";
import type { Routes } from "./routes.ts";
import { textFromJson } from "./text-value.ts";

/** The path of a request before its message was changed, and the message's JSON. */
export interface OriginalPath {
  readonly json: JsonValue;
  readonly path: string;
}

/**
 * The path of a message. Where no value in it changed, the original one, in whatever way it was written. A path that leads to another route, or back to another
 * value, is none: throws `not_over_rest`.
 */
export function pathOf(routes: Routes, route: Route, json: JsonValue, original: OriginalPath | undefined): string {
  const { template, variableFields } = route;
  const texts = variableFields.map((fields) => textFromJson(at(json, fields)) ?? "");
  if (original && variableFields.every((fields, i) => (textFromJson(at(original.json, fields)) ?? "") === texts[i]))
    return original.path;

  const path = filled(route, texts, original?.path);
  const match = routes.match(route.verb === "*" ? "GET" : route.verb, path);
  const found = match.kind === "found" && match.route === route ? match.variables : [];
  const wrong = variableFields.findIndex((_, i) => found[i]?.text !== texts[i] || stepsAside(texts[i] ?? ""));
  if (wrong >= 0) {
    const given = JSON.stringify((texts[wrong] ?? "").slice(0, 100));
    throw notInRequest(variableFields[wrong] ?? [], `${given} has no place in the path ${template.text}`);
  }
  return path;
}

function filled({ template }: Route, texts: readonly string[], original: string | undefined): string {
  const suffix = template.verb === "" ? "" : `:${template.verb}`;
  const given = original?.slice(1, original.length - suffix.length).split("/");
  const parts: string[] = [];
  for (let i = 0; i < template.segments.length; i++) {
    const segment = template.segments[i];
    const at = template.variables.findIndex(({ from }) => from === i);
    const variable = template.variables[at];
    if (variable) {
      parts.push(variable.isMulti ? escapedParts(texts[at] ?? "") : escaped(texts[at] ?? ""));
      i = variable.to - 1;
    } else if (segment?.kind === "literal") parts.push(escaped(segment.text));
    else if (given) parts.push(...(segment?.kind === "rest" ? given.slice(i) : given.slice(i, i + 1)));
    else throw notInRequest([], `the path ${template.text} has a part that no field fills`);
  }
  return `/${parts.join("/")}${suffix}`;
}

/** All but the unreserved characters of RFC 3986 become escapes (google/api/http.proto). */
function escaped(text: string): string {
  const hex = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, hex);
}

/** In a variable of several segments a slash is their border, and "%2F" stands for itself, as `captureText()` leaves it. */
function escapedParts(text: string): string {
  return text
    .split(/(\/|%2F)/i)
    .map((part, i) => (i % 2 === 1 ? part : escaped(part)))
    .join("");
}

/** Whether servers would take a value for a step within the path (RFC 3986, section 5.2.4). */
function stepsAside(text: string): boolean {
  return text.split("/").some((segment) => segment === "." || segment === "..");
}
