import type { Message, Registry } from "@bufbuild/protobuf";
import { InterposeError, isJsonObject, type JsonValue, type Spelling } from "@interpose/engine";
import { isSameJson } from "../json/overlay.ts";
import type { Route } from "./bindings.ts";
import { at, without } from "./fields-in-json.ts";
import { bodyOfHttpBody, isHttpBody, typeOfBody, type RestBody } from "./http-body.ts";
import { changedBody, jsonBody, jsonOf, type OriginalBody } from "./json-body.ts";
import { pathOf } from "./path.ts";
import { changedQuery, queryOf } from "./query.ts";
import type { Routes } from "./routes.ts";

/** A message as a request of HTTP. */
export interface EncodedRequest {
  /** With the query, where there is one. */
  readonly path: string;
  /** Undefined where the route has no body. */
  readonly body: RestBody | undefined;
}

/** What writing a request depends on. */
export interface EncodeRequestOptions {
  /** Types that `google.protobuf.Any` may hold. */
  readonly registry?: Registry | undefined;
  /** The request before it was changed. Only what changed is written anew; what we know nothing of stays, in path, query and body. */
  readonly original?: (OriginalBody & { /** With its query. */ readonly path: string }) | undefined;
}

/**
 * Writes a message as a request that `decodeRequest()` makes the same message of: the path by the template, the body as the route has it, and the rest in the query. `routes`
 * are those that the route is one of: a path that they lead elsewhere is none. Throws `not_over_rest`, naming the field, for what a request cannot say.
 */
export function encodeRequest(
  routes: Routes,
  route: Route,
  message: Message,
  { registry, original }: EncodeRequestOptions = {},
): EncodedRequest {
  const { method, body: kind } = route;
  const json = (of: Message, spelling: Spelling): JsonValue => {
    const whole = jsonOf(method.input, of, registry, spelling);
    if (!isJsonObject(whole))
      throw new InterposeError("not_over_rest", `A ${method.input.typeName} is no JSON object.`);
    return whole;
  };
  const [after, before] = [json(message, "camel"), original && json(original.message, "camel")];
  const [givenPath = "", givenQuery = ""] = splitOnce(original?.path ?? "");
  const path = pathOf(routes, route, after, before === undefined ? undefined : { json: before, path: givenPath });
  const query = before ? changedQuery(route, before, after, givenQuery) : queryOf(route, after);

  return { path: query === "" ? path : `${path}?${query}`, body: bodyOf() };

  function bodyOf(): RestBody | undefined {
    if (kind === "nothing") return undefined;
    const field = typeof kind === "string" ? undefined : kind;
    if (isHttpBody(typeOfBody(method.input, field))) return bodyOfHttpBody(message, field);
    if (before && original) {
      const [was, is] = [inBody(before, "camel"), inBody(after, "camel")];
      if (isSameJson(was, is)) return { contentType: "application/json", bytes: original.body };
      if (is === undefined) return EMPTY;
      const bodies = (spelling: Spelling): readonly JsonValue[] =>
        [original.message, message].map((each) => inBody(json(each, spelling), spelling) ?? null);
      return jsonBody(changedBody(field ?? method.input, original.body, bodies));
    }
    const is = inBody(after, "camel");
    return is === undefined ? EMPTY : jsonBody(is);
  }

  /** What the body says: without what the path does. Undefined where it says nothing, which only a body of one field can. */
  function inBody(whole: JsonValue, spelling: Spelling): JsonValue | undefined {
    const left = route.variableFields.reduce((json, fields) => without(json, fields, spelling), whole);
    return typeof kind === "string" ? left : at(left, [kind]);
  }
}

const EMPTY: RestBody = { contentType: undefined, bytes: new Uint8Array() };

function splitOnce(path: string): readonly string[] {
  const mark = path.indexOf("?");
  return mark < 0 ? [path] : [path.slice(0, mark), path.slice(mark + 1)];
}
