import { InterposeError } from "@interpose/engine";
import { decodeRequest, encodeResponse, type Routes } from "@interpose/protocol";
import type { Message } from "@bufbuild/protobuf";
import type { Call } from "../call.ts";
import type { OwnApi } from "../hosts/own-api/index.ts";
import type { Authenticate } from "./authentication.ts";
import {
  headersFromNode,
  readBody,
  signalOfClient,
  type Answer,
  type NodeRequest,
  type NodeResponse,
} from "./exchange.ts";

/** What REST needs. */
export interface RestOptions {
  readonly ownApi: OwnApi;
  readonly routes: Routes;
  readonly instanceId: string;
  readonly authenticate: Authenticate;
  readonly maxMessageBytes: number;
  readonly observed: (method: string, call: Call, work: () => Promise<Message>) => Promise<Message>;
}

/**
 * Answers a REST request, by the `google.api.http` options of the own API's methods. The caller is proven before anything
 * else is said, so that a stranger can't find out which paths exist. Throws what the client is to see.
 */
export async function answerRest(request: NodeRequest, response: NodeResponse, options: RestOptions): Promise<Answer> {
  const headers = headersFromNode(request.headers);
  const caller = await options.authenticate(headers);
  const verb = request.method ?? "GET";
  const [path, query] = splitOnce(request.url ?? "/", "?");
  const match = options.routes.match(verb, path);
  if (match.kind === "not_found") {
    throw new InterposeError(
      "path_not_found",
      `There is nothing at ${shortened(path)}. The API's paths are listed at /openapi.json.`,
    );
  }
  if (match.kind === "wrong_verb") {
    const allowed = match.allowed.join(", ");
    throw new InterposeError("verb_not_allowed", `${verb} is not allowed at ${shortened(path)}. Use ${allowed}.`, {
      metadata: { allow: allowed },
    });
  }
  const encoding = headers.get("content-encoding");
  if (encoding !== null && encoding !== "identity") {
    throw new InterposeError(
      "bad_request",
      `The content-encoding "${shortened(encoding)}" is not understood here. Send the body as it is.`,
    );
  }
  const body = await readBody(request, options.maxMessageBytes);
  const { route, variables } = match;
  const message = decodeRequest(route, { variables, query, body });
  const name = `/${route.method.parent.typeName}/${route.method.name}`;
  const method = options.ownApi.methods.get(name);
  if (!method) throw new Error(`there is a route but no method for ${name}`);
  const call: Call = {
    instanceId: options.instanceId,
    caller,
    protocol: "rest",
    headers,
    signal: signalOfClient(response),
  };
  const answer = await options.observed(name, call, () => method.invoke(message, call));
  return {
    status: route.successStatus,
    headers: { "content-type": "application/json" },
    body: encodeResponse(route, answer),
  };
}

function splitOnce(text: string, at: string): [string, string] {
  const i = text.indexOf(at);
  return i < 0 ? [text, ""] : [text.slice(0, i), text.slice(i + 1)];
}

function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
