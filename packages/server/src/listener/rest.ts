import type { DescMethod } from "@bufbuild/protobuf";
import { InterposeError } from "@interpose/engine";
import { decodeRequest, encodeResponse, type Routes } from "@interpose/protocol";
import type { Caller } from "../access/caller.ts";
import type { Call } from "../call.ts";
import { callContextOf } from "../hosts/call-context.ts";
import type { OwnApi, OwnMethod } from "../hosts/own-api/index.ts";
import type { CallObserver } from "../observe/calls.ts";
import { clientAddress } from "./client-address.ts";
import { readBody, signalOfClient, type Answer, type NodeRequest, type NodeResponse } from "./exchange.ts";
import type { RequestTarget } from "./request-target.ts";
import { sendStream } from "./rest-stream.ts";

/** What REST needs. */
export interface RestOptions {
  readonly ownApi: OwnApi;
  readonly routes: Routes;
  /** Paths that others answer a POST to. */
  readonly postedTo: ReadonlySet<string>;
  readonly instanceId: string;
  readonly maxMessageBytes: number;
  readonly observed: CallObserver;
}

/** A REST request whose caller has been proven. */
export interface RestRequest {
  readonly request: NodeRequest;
  readonly response: NodeResponse;
  readonly target: RequestTarget;
  readonly headers: Headers;
  readonly caller: Caller;
}

/**
 * Answers a REST request, by the `google.api.http` options of the own API's methods. Answers undefined when it has sent the answer itself, as it does with streams. Throws what the client is to
 * see.
 */
export async function answerRest(given: RestRequest, options: RestOptions): Promise<Answer | undefined> {
  const { request, response, target, headers } = given;
  const { route, variables } = routeOf(request.method ?? "GET", target.path, options);
  const body = await bodyOfRest(given, options);
  const message = decodeRequest(route, { variables, query: target.query, body });
  const { name, method } = ownMethodOf(route.method, options);
  const call = callOfRest(given, options);
  if (method.kind === "server_streaming") {
    const stream = await options.observed.stream(name, call, () => method.open(message, call));
    await sendStream(response, stream, route, headers.get("accept") ?? undefined);
    return undefined;
  }
  const answer = await options.observed.unary(name, call, () => method.invoke(message, call));
  const { contentType, bytes } = encodeResponse(route, answer);
  return { status: route.successStatus, headers: { ...(contentType && { "content-type": contentType }) }, body: bytes };
}

/** Reads the body of a request, which must be sent as it is. */
export function bodyOfRest({ request, headers }: RestRequest, { maxMessageBytes }: RestOptions): Promise<Uint8Array> {
  const encoding = headers.get("content-encoding");
  if (encoding !== null && encoding.toLowerCase() !== "identity") {
    throw new InterposeError(
      "bad_request",
      `The content-encoding "${shortened(encoding)}" is not understood here. Send the body as it is.`,
    );
  }
  return readBody(request, maxMessageBytes);
}

/** A method as the own API has it, and its full name. */
export function ownMethodOf(
  { parent, name: own }: DescMethod,
  { ownApi }: RestOptions,
): { readonly name: string; readonly method: OwnMethod } {
  const name = `/${parent.typeName}/${own}`;
  const method = ownApi.methods.get(name);
  if (!method) throw new Error(`there is a route but no method for ${name}`);
  return { name, method };
}

/** The call that a request makes. */
export function callOfRest({ request, response, headers, caller }: RestRequest, { instanceId }: RestOptions): Call {
  return {
    instanceId,
    caller,
    protocol: "rest",
    headers,
    clientAddress: clientAddress(request.socket),
    context: callContextOf((name) => headers.get(name) ?? undefined),
    signal: signalOfClient(response),
  };
}

/** HEAD is GET, but for the body of the answer (RFC 9110, section 9.3.2). */
function routeOf(
  verb: string,
  path: string,
  { routes, postedTo }: RestOptions,
): Extract<ReturnType<Routes["match"]>, { kind: "found" }> {
  const match = routes.match(verb === "HEAD" ? "GET" : verb, path);
  switch (match.kind) {
    case "found":
      return match;
    case "not_found":
      throw new InterposeError(
        "path_not_found",
        `There is nothing at ${shortened(path)}. The API's paths are listed at /openapi.json.`,
      );
    case "wrong_verb": {
      const verbs = match.allowed.flatMap((each) => (each === "GET" ? ["GET", "HEAD"] : [each]));
      const allowed = [...verbs, ...(postedTo.has(path) ? ["POST"] : [])].join(", ");
      throw new InterposeError("verb_not_allowed", `${verb} is not allowed at ${shortened(path)}. Use ${allowed}.`, {
        metadata: { allow: allowed },
      });
    }
  }
}

function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
