import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodUnary,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import { authorize } from "../../packages/server/src/access/authorize.ts";
import type { OwnApi, OwnApiOptions, OwnMethod } from "../../packages/server/src/hosts/own-api/index.ts";

/**
 * The own API as it would be had nobody thought of executions: permission, validation, handler. Stands in for the function of the same name in
 * `hosts/own-api/`, from the same parts. Streams are left out: nobody measures them.
 */
export function createOwnApi({ services, rules, validate }: OwnApiOptions): OwnApi {
  const methods = new Map<string, OwnMethod>();
  for (const { service, handlers } of services) {
    for (const descriptor of service.methods) {
      const handler = handlers[descriptor.localName];
      if (!isUnary(descriptor)) continue;
      if (!handler) throw new Error(`${descriptor.name} has no handler`);
      const { access } = rules(descriptor);
      methods.set(`/${service.typeName}/${descriptor.name}`, {
        kind: "unary",
        descriptor,
        async invoke(request, call) {
          authorize(call.caller, access);
          validate(descriptor.input, request);
          return create(descriptor.output, (await handler(request, call)) as MessageInitShape<DescMessage>);
        },
      });
    }
  }
  return { methods };
}

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === "unary";
}
