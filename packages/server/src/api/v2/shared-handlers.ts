import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { ActionService as V2 } from "@interpose/protocol/gen/zitadel/action/v2/action_service_pb";
import type { ActionService as V2beta } from "@interpose/protocol/gen/zitadel/action/v2beta/action_service_pb";
import type { Call } from "../../call.ts";

type Methods = (typeof V2beta)["method"];
type MethodsOfV2 = (typeof V2)["method"];

/**
 * The RPCs that `zitadel.action.v2beta` and `zitadel.action.v2` have in common, each handled once: a handler reads the request of either version, and answers
 * what fits both. What v2 has beyond v2beta is only read where the request has it, and is left out of v2beta's answers, whose messages have no place for it.
 */
export type SharedHandlers = {
  readonly [M in keyof Methods]: [Methods[M], MethodsOfV2[M]] extends [
    DescMethodUnary<infer BetaInput, infer BetaOutput>,
    DescMethodUnary<infer Input, infer Output>,
  ]
    ? (
        request: MessageShape<BetaInput> | MessageShape<Input>,
        call: Call,
      ) => Answer<BetaOutput, Output> | Promise<Answer<BetaOutput, Output>>
    : never;
};

type Answer<Beta extends DescMessage, Own extends DescMessage> = MessageInitShape<Beta> & MessageInitShape<Own>;
