import { InterposeError } from "@interpose/engine";
import { protocolOfRequest, serviceOfRpcPath, type WireProtocol } from "@interpose/protocol";
import type { RequestHead } from "../relay/header-fields.ts";
import type { CallForm, CallHead } from "./call-form.ts";
import { valuesOf } from "./fields.ts";
import { readConnectStream } from "./connect-stream.ts";
import { readConnectUnary } from "./connect-unary.ts";
import { readGrpc } from "./grpc.ts";
import { readGrpcWeb } from "./grpc-web.ts";
import { readRest } from "./rest.ts";
import type { Spoken } from "./spoken.ts";

export type { Spoken };

const AS_SPOKEN: Readonly<Record<WireProtocol, Spoken>> = {
  grpc: "grpc",
  "grpc-web": "grpc-web",
  "grpc-web-text": "grpc-web",
  "connect-unary": "connect",
  "connect-stream": "connect",
  rest: "rest",
};

/** The protocol of a call that no route of REST leads to, as its head tells. */
export function protocolOf(
  { method, path }: Pick<RequestHead, "method" | "path">,
  contentType: string | undefined,
): WireProtocol {
  // What most calls are is told without taking anything apart.
  if (contentType === "application/grpc" || contentType === "application/grpc+proto") return "grpc";
  const mark = path.indexOf("?");
  const plain = mark < 0 ? path : path.slice(0, mark);
  const query = mark < 0 ? "" : path.slice(mark + 1);
  return protocolOfRequest({ method, contentType, query, isRpcPath: serviceOfRpcPath(plain) !== undefined });
}

/** Whether a call goes to the upstream in gRPC, in the place of its own protocol. There is no other translation: an upstream that does not speak gRPC gets all calls as they are. */
export function isTranslated(protocol: WireProtocol, speaks: ReadonlySet<Spoken>): boolean {
  return protocol !== "grpc" && speaks.has("grpc") && !speaks.has(AS_SPOKEN[protocol]);
}

/** How a call is written. Throws what its caller is to see where it is none, or cannot be read. */
export function readCall(protocol: WireProtocol, call: CallHead): CallForm {
  const { parent } = call.method;
  const verb = call.head.method;
  // What is no POST, and nothing that Connect or a route has a meaning for, calls no method.
  const isCall = protocol === "rest" ? call.rest !== undefined : verb === "POST" || isConnectGet(protocol, verb);
  if (!isCall) {
    // gRPC has no verbs, nor a way to tell which would be right.
    const reason = protocol.startsWith("grpc") ? "call_unknown" : "verb_not_allowed";
    throw new InterposeError(reason, `${verb.slice(0, 20)} calls no method here. Use POST.`, {
      metadata: { allow: "POST" },
    });
  }
  refuseTwofold(call);
  const form = READERS[protocol](call);
  if (form) return form;
  throw new InterposeError(
    "protocol_not_hooked",
    `The messages of /${parent.typeName}/${call.method.name} have to be read here, and cannot be in the form of this call. Call it in gRPC, gRPC-Web or Connect, with protobuf or JSON.`,
  );
}

/** Fields that say how messages are written. */
const FORM_FIELDS = ["content-type", "content-encoding", "grpc-encoding", "connect-content-encoding"];

/** Of a field that is there twice, some servers take the first and some the last, and some cut a query off at "#": the API could read other messages than its executions do. */
function refuseTwofold({ block, head }: CallHead): void {
  if (head.path.includes("#")) throw new InterposeError("bad_request", 'The path has a "#" in it. Write it as %23.');
  for (const name of FORM_FIELDS) {
    if (valuesOf(block, name).length > 1)
      throw new InterposeError("bad_request", `The header ${name} is there twice. Send it once.`);
  }
}

function isConnectGet(protocol: WireProtocol, verb: string): boolean {
  return protocol === "connect-unary" && verb === "GET";
}

const READERS: Readonly<Record<WireProtocol, (call: CallHead) => CallForm | undefined>> = {
  grpc: readGrpc,
  "grpc-web": readGrpcWeb,
  "grpc-web-text": readGrpcWeb,
  "connect-unary": readConnectUnary,
  "connect-stream": readConnectStream,
  rest: readRest,
};
