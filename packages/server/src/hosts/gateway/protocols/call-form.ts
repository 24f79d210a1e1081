import type { DescMethod, Registry } from "@bufbuild/protobuf";
import type { PathVariable, Route, Routes } from "@interpose/protocol";
import type { Status } from "@interpose/protocol/gen/google/rpc/status_pb";
import type { RequestHead } from "../relay/header-fields.ts";
import type { HeaderBlock } from "../relay/hpack/index.ts";
import type { InterceptedCall, ResponseEnd } from "../relay/interceptor.ts";
import type { MessageCodec } from "./codecs.ts";
import type { Framing, WireMessage } from "./framing.ts";

/** A call of a known method, as its head has it. */
export interface CallHead {
  readonly head: RequestHead;
  /** The request as the upstream shall have it. */
  readonly block: HeaderBlock;
  readonly method: DescMethod;
  /** Types of the API, for what `google.protobuf.Any` holds. */
  readonly registry: Registry;
  /** When the caller waits no longer, by the clock of `performance.now()`. Undefined: it does not say. */
  readonly deadline: number | undefined;
  /** What its path means in REST, where that is what its path is of. */
  readonly rest: RestBinding | undefined;
}

/** What a path of REST leads to. */
export interface RestBinding {
  /** All of the API's, of which `route` is one. */
  readonly routes: Routes;
  readonly route: Route;
  readonly variables: readonly PathVariable[];
}

/** How the messages of one direction are written. */
export interface MessagesForm {
  readonly framing: Framing;
  readonly codec: MessageCodec;
  /** Coding of those that are compressed. */
  readonly coding: string | undefined;
}

/** What the head of a call depends on that goes on in its own protocol, beside the head that it came with. */
export interface RequestStart {
  /** Another path, where it holds the message, or parts of it. */
  readonly path: string | undefined;
  /** Size of the first message, as the body has it. */
  readonly bytes: number;
}

/**
 * How one call is written in its client's protocol. It goes to the upstream in the same protocol, or, where the upstream does not speak it, in gRPC.
 * Each protocol has a file with a function that reads a head and answers the form: undefined for a codec that cannot be read. It throws what the client is to see.
 */
export interface CallForm {
  readonly request: MessagesForm;
  /** The head with which the call goes on in the same protocol. */
  requestHead(start: RequestStart): HeaderBlock;
  /** How a response's messages are written in the same protocol. Undefined: it has none. */
  responseForm(head: HeaderBlock): MessagesForm | undefined;
  /** Whether a response is whole before its head is sent, so that it can still become an error. */
  readonly holdsHead: boolean;
  /** A head that was held, once its message is written: it may say what the message is. */
  readonly responseHead?: (head: HeaderBlock) => HeaderBlock;
  /** In the same protocol: how a response ended. Each protocol has some of these places where it says so. */
  readonly ending: {
    /** The trailers, or the head where that is all of the response. */
    readonly block?: (block: HeaderBlock) => Status;
    /** The end that a body has of its own, as its cutter took it. `coding`: of the body's messages. */
    readonly piece?: (bytes: Buffer, coding: string | undefined) => Promise<Status>;
    /** The body of a response that is no message. Undefined: it is no error either. */
    readonly body?: (head: HeaderBlock, body: Uint8Array) => Status | undefined;
  };
  /** How a response that has begun ends with an error. */
  endOfError(error: unknown): ResponseEnd;
  /** What gRPC in place of the client's protocol needs; undefined for gRPC itself. */
  readonly translation: Translation | undefined;
}

/** A call of another protocol as one of gRPC. */
export interface Translation {
  /** Codings that the client understands, and the time that it gives the call, as `grpc-accept-encoding` and `grpc-timeout` have them. */
  readonly acceptedCodings: string | undefined;
  readonly timeout: string | undefined;
  /** How messages of the response are written. Their coding is the upstream's. */
  readonly answer: Omit<MessagesForm, "coding">;
  createWriter(call: InterceptedCall): ResponseWriter;
}

/** Writes a response of gRPC in the client's protocol. */
export interface ResponseWriter {
  /** It has begun. `metadata`: names and values. `coding`: of its messages that are compressed. */
  head(metadata: readonly string[], coding: string | undefined): void;
  /** Answers how many bytes were given to the call, of which `responseSent` will tell. */
  message(message: WireMessage): number;
  /** It has ended, with a code of 0 for a success. `head` may never have been called. */
  end(status: Status, trailers: readonly string[]): void;
}
