import { getOption, hasOption, type DescField, type DescMessage, type DescMethod } from "@bufbuild/protobuf";
import { http } from "../gen/google/api/annotations_pb.js";
import type { HttpRule } from "../gen/google/api/http_pb.js";
import { successStatus } from "../services/method-rules.ts";
import { parseTemplate, type PathTemplate } from "./template.ts";

/** One way to reach a method by REST. */
export interface Route {
  /** Of any kind: a path of REST may lead to a method that REST cannot call, and must not lead past it. */
  readonly method: DescMethod;
  /** HTTP verb, in upper case; `*` for any. */
  readonly verb: string;
  readonly template: PathTemplate;
  /** Fields of the request that the template's variables fill, in their order. */
  readonly variableFields: readonly (readonly DescField[])[];
  /** What the body is: the whole message, one of its fields, or nothing. */
  readonly body: "message" | "nothing" | DescField;
  /** The field of the response that the body of the answer is; undefined for all of it. */
  readonly responseField: DescField | undefined;
  /** HTTP status of a success. */
  readonly successStatus: number;
}

/** The bindings in a method's options, none where it has no options. */
export function rulesOf(method: DescMethod): readonly HttpRule[] {
  if (!hasOption(method, http)) return [];
  const rule = getOption(method, http);
  return [rule, ...rule.additionalBindings];
}

/** The route of one binding. Throws Error naming the method, and what is wrong with its template or with a field that it names. */
export function routeFrom(method: DescMethod, rule: HttpRule): Route {
  const name = `${method.parent.typeName}.${method.name}`;
  const { case: kind, value } = rule.pattern;
  if (kind === undefined) throw new Error(`${name}: a google.api.http binding has no path`);
  const verb = kind === "custom" ? value.kind.toUpperCase() : kind.toUpperCase();
  try {
    const template = parseTemplate(kind === "custom" ? value.path : value);
    const variableFields = template.variables.map(({ fieldPath }) => fieldsAt(method.input, fieldPath));
    return {
      method,
      verb,
      template,
      variableFields,
      body: rule.body === "" ? "nothing" : rule.body === "*" ? "message" : fieldOf(method.input, rule.body),
      responseField: rule.responseBody === "" ? undefined : fieldOf(method.output, rule.responseBody),
      successStatus: successStatus(method),
    };
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
  }
}

/** The field of a message by its name in the .proto file. */
export function fieldOf(message: DescMessage, name: string): DescField {
  const field = message.fields.find((each) => each.name === name);
  if (!field) throw new Error(`${message.typeName} has no field "${name}"`);
  return field;
}

function fieldsAt(message: DescMessage, names: readonly string[]): readonly DescField[] {
  const fields: DescField[] = [];
  let current = message;
  for (const [i, name] of names.entries()) {
    const field = fieldOf(current, name);
    fields.push(field);
    if (i === names.length - 1) {
      if (field.fieldKind !== "scalar" && field.fieldKind !== "enum")
        throw new Error(`the path fills "${names.join(".")}", which is no single value`);
    } else if (field.fieldKind === "message") current = field.message;
    else throw new Error(`"${name}" in "${names.join(".")}" is no message`);
  }
  return fields;
}
