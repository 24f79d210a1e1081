import {
  create,
  type DescMessage,
  type DescMethodUnary,
  type Message,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import type { Access } from "@interpose/protocol";
import { authorize } from "../../access/authorize.ts";
import type { ApiService } from "../../api/service.ts";
import type { Call } from "../../call.ts";
import type { MethodHooks } from "./method-hooks.ts";

/** What a method is made of. */
export interface MethodParts<D> {
  readonly descriptor: D;
  readonly access: Access;
  readonly hooks: MethodHooks;
  readonly handler: ApiService["handlers"][string];
  /** Refuses a request that breaks the rules of its type. */
  readonly validate: (request: Message) => void;
}

/** A method with one response. */
export interface UnaryMethod {
  readonly kind: "unary";
  readonly descriptor: DescMethodUnary;
  /**
   * Carries out a call in the contract's order: permission, request targets, validation, handler, response targets.
   * What a target makes of the request is validated as the client's own would be. Response targets may ask to see errors of validation and handler too.
   * Throws what the client is to see.
   */
  invoke(request: Message, call: Call): Promise<Message>;
}

/** Makes one. */
export function unaryMethod(parts: MethodParts<DescMethodUnary>): UnaryMethod {
  const { descriptor, access, hooks, handler, validate } = parts;

  async function answer(request: Message, call: Call): Promise<Message> {
    validate(request);
    return create(descriptor.output, (await handler(request, call)) as MessageInitShape<DescMessage>);
  }

  return {
    kind: "unary",
    descriptor,
    async invoke(received, call) {
      authorize(call.caller, access);
      // What was in force when the call began holds for all of it: a call that sets an execution is not its first victim.
      const plans = hooks.plans(call);
      const request = plans?.request ? await hooks.request(plans.request, received, call) : received;
      const plan = plans?.response;
      if (!plan) return answer(request, call);
      const response = await answer(request, call).catch(async (error: unknown) => {
        await hooks.failed(plan, request, error, call);
        throw error;
      });
      return hooks.response(plan, request, response, call);
    },
  };
}
