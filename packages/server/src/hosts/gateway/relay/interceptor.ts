import type { RequestHead } from "./header-fields.ts";
import type { HeaderBlock } from "./hpack/index.ts";
import type { ErrorCode } from "./numbers.ts";
import type { Origin } from "./origin.ts";

/** An answer of our own, in the protocol of the call. */
export interface RelayAnswer {
  readonly head: HeaderBlock;
  readonly body: Buffer | undefined;
}

/** How a response that has begun ends. With neither, it is reset. */
export interface ResponseEnd {
  /** The last bytes of the body. */
  readonly body?: Buffer | undefined;
  readonly trailers?: HeaderBlock | undefined;
}

/**
 * Stands in a call's way: it is told what comes from either side, and nothing is passed on but by it, through `InterceptedCall`. Credit is its own to give, too.
 */
export interface Interceptor {
  requestData(bytes: Buffer, start: number, end: number): void;
  /** The request has ended, perhaps with trailers. */
  requestEnd(trailers: HeaderBlock | undefined): void;
  /** Bytes of the request that were sent on have left. */
  requestSent(bytes: number): void;
  /** A final response has begun; interim ones pass by. `endStream`: it has no body. */
  responseHead(block: HeaderBlock, endStream: boolean): void;
  responseData(bytes: Buffer, start: number, end: number): void;
  responseEnd(trailers: HeaderBlock | undefined): void;
  responseSent(bytes: number): void;
  /** The upstream has answered in full, and wants no more of the request: what still comes of it is to be thrown away, with credit. */
  requestUnwanted(): void;
  /** The upstream has reset the call before its end. Answers whether the caller was told; if not, the relay tells it as HTTP/2 does. `closed` comes in either case. */
  upstreamReset(code: ErrorCode): boolean;
  /** The call is over before its end, or was answered by the relay; nothing is told any more. */
  closed(): void;
}

/** Decides, when a call begins, whether somebody stands in its way, and answers what makes that. It is asked for every call, and undefined, "nobody", is to cost little. */
export type Intercept = (head: RequestHead, block: HeaderBlock) => ((call: InterceptedCall) => Interceptor) | undefined;

/** What an interceptor can do with its call. Once the call is over, nothing of it has an effect. */
export interface InterceptedCall {
  readonly head: RequestHead;
  /** Where the client's connection comes from. */
  readonly origin: Origin;
  /** Begins the call at the upstream, with these header fields. What is sent before there is a connection waits. */
  begin(block: HeaderBlock): void;
  sendRequest(bytes: Buffer): void;
  endRequest(trailers: HeaderBlock | undefined): void;
  creditRequest(bytes: number): void;
  sendResponseHead(block: HeaderBlock, endStream: boolean): void;
  sendResponse(bytes: Buffer): void;
  endResponse(trailers: HeaderBlock | undefined): void;
  creditResponse(bytes: number): void;
  /**
   * Whether a response has begun, so that the call can no longer be answered by a head of ours. Not a getter, nor is any in what is made for each call or message: V8 keeps
   * a literal's getters among the old objects from the start, and all that they close over with them, until old objects are collected.
   */
  isAnswered(): boolean;
  /** Answers the client, and gives the call at the upstream up. Where a response has begun already, it ends with `end`. */
  refuse(answer: RelayAnswer, end: ResponseEnd): void;
}
