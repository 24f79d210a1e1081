import { getOption, hasOption, type DescMethod } from "@bufbuild/protobuf";
import { method as rulesOption } from "../gen/interpose/options/v1/options_pb.js";

/** Who may call a method. */
export type Access = { readonly kind: "permission"; readonly permission: string } | { readonly kind: "authenticated" };

/** What a method needs of the server that protobuf and `google.api.http` cannot say. */
export interface MethodRules {
  readonly access: Access;
  /** HTTP status of a success over REST. */
  readonly successStatus: number;
}

/** Reads the option `(interpose.options.v1.method)`. A method that does not say who may call it throws Error: it must not be served. */
export function methodRules(method: DescMethod): MethodRules {
  const { access } = getOption(method, rulesOption);
  if (access.case === "permission" && access.value !== "") {
    return { access: { kind: "permission", permission: access.value }, successStatus: successStatus(method) };
  }
  if (access.case === "authenticated" && access.value)
    return { access: { kind: "authenticated" }, successStatus: successStatus(method) };
  throw new Error(
    `${method.parent.typeName}.${method.name} does not say who may call it: set (interpose.options.v1.method) in its .proto file`,
  );
}

/** Who may call a method, in a sentence. */
export function accessNote(method: DescMethod): string {
  const { access } = methodRules(method);
  return access.kind === "permission"
    ? `Needs the permission \`${access.permission}\`.`
    : "Needs a token, and no permission.";
}

/** HTTP status of a method's success; 200 where nothing else is said. */
export function successStatus(method: DescMethod): number {
  return (hasOption(method, rulesOption) && getOption(method, rulesOption).successStatus) || 200;
}
