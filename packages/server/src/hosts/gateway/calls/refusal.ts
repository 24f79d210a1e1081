import { answerOfError } from "./outcome.ts";
import type { InterceptedCall, Interceptor, RelayAnswer } from "../relay/interceptor.ts";

/** Refuses a call at once, in its own protocol. */
export function refusal(call: InterceptedCall, error: unknown, contentType: string | undefined): Interceptor {
  return answered(call, answerOfError(error, call.head, contentType));
}

/** Answers a call at once. What else comes of it is thrown away. */
export function answered(call: InterceptedCall, answer: RelayAnswer): Interceptor {
  call.refuse(answer, {});
  return {
    requestData: (_bytes, start, end) => call.creditRequest(end - start),
    requestEnd: () => undefined,
    requestSent: () => undefined,
    responseHead: () => undefined,
    responseData: () => undefined,
    responseEnd: () => undefined,
    responseSent: () => undefined,
    requestUnwanted: () => undefined,
    upstreamReset: () => false,
    closed: () => undefined,
  };
}
