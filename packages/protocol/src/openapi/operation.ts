import type { DescField, DescMessage, DescMethod } from "@bufbuild/protobuf";
import type { Route } from "../rest/bindings.ts";
import { dotted } from "../rest/fields-in-json.ts";
import { isRawBody } from "../rest/http-body.ts";
import { isTextMessage } from "../rest/text-value.ts";
import type { Comments } from "./comments.ts";
import { pathParameters } from "./path.ts";
import type { JsonSchema, Schemas } from "./schemas.ts";

/** What operations are described with. */
export interface OperationContext {
  readonly schemas: Schemas;
  readonly comments: Comments;
  /** What is said of a method behind its comment. */
  readonly note: (method: DescMethod) => string | undefined;
}

/** Most parameters of a query that are listed, and how deep in messages their fields are. All others are understood as well. */
const MOST_PARAMETERS = 100;
const DEEPEST_PARAMETER = 3;

/** What a route does. `nth`: which of its method's routes it is, from 1. */
export function operationOfRoute(route: Route, nth: number, context: OperationContext): JsonSchema {
  const { method, body, responseField } = route;
  const { schemas } = context;
  const parameters = [...parametersOfPath(route, schemas), ...parametersOfQuery(route, schemas)];
  const requestSchema =
    body === "message" ? schemas.messageRef(method.input) : body === "nothing" ? undefined : schemas.fieldSchema(body);
  const responseSchema = responseField ? schemas.fieldSchema(responseField) : schemas.messageRef(method.output);
  return {
    ...named(method, nth, context),
    ...(parameters.length > 0 && { parameters }),
    ...(requestSchema && {
      requestBody: {
        required: true,
        content: isRawBody(route, "request") ? ANYTHING : { "application/json": { schema: requestSchema } },
      },
    }),
    responses: {
      [String(route.successStatus)]: { description: "Success.", content: contentOfAnswer(route, responseSchema) },
      default: { $ref: "#/components/responses/error" },
    },
  };
}

/** A unary method as Connect has it. https://connectrpc.com/docs/protocol/#unary-rpcs */
export function operationOfConnect(method: DescMethod, context: OperationContext): JsonSchema {
  const json = (message: DescMessage): JsonSchema => ({
    "application/json": { schema: context.schemas.messageRef(message) },
  });
  return {
    ...named(method, 1, context),
    requestBody: { required: true, content: json(method.input) },
    responses: {
      "200": { description: "Success.", content: json(method.output) },
      default: { $ref: "#/components/responses/connectError" },
    },
  };
}

/** Bytes of whatever type. */
const ANYTHING: JsonSchema = { "*/*": {} };

function contentOfAnswer(route: Route, schema: JsonSchema): JsonSchema {
  if (isRawBody(route, "response")) return ANYTHING;
  if (route.method.methodKind === "unary") return { "application/json": { schema } };
  return { "application/json": { schema: { type: "array", items: schema } }, "application/x-ndjson": { schema } };
}

function named(method: DescMethod, nth: number, { comments, note }: OperationContext): JsonSchema {
  const operation = `${method.parent.typeName}.${method.name}`;
  const comment = comments.get(operation);
  const description = [comment, note(method)].filter(Boolean).join("\n\n");
  return {
    operationId: nth === 1 ? operation : `${operation}.${nth}`,
    tags: [method.parent.typeName],
    ...(comment && { summary: comment.split("\n")[0] }),
    ...(description !== "" && { description }),
  };
}

function parametersOfPath(route: Route, schemas: Schemas): readonly JsonSchema[] {
  return pathParameters(route).map(({ name, field, description }) => ({
    name,
    in: "path",
    required: true,
    ...(description && { description }),
    schema: field ? schemas.fieldSchema(field) : { type: "string" },
  }));
}

/** Fields that neither path nor body say; those of messages by names with dots. */
function parametersOfQuery({ method, body, variableFields }: Route, schemas: Schemas): readonly JsonSchema[] {
  if (body === "message") return [];
  const inPath = new Set(variableFields.map(dotted));
  const parameters: JsonSchema[] = [];
  collect(method.input, []);
  return parameters;

  function collect(message: DescMessage, around: readonly DescField[]): void {
    for (const field of message.fields) {
      const fields = [...around, field];
      if (field === body || inPath.has(dotted(fields)) || parameters.length >= MOST_PARAMETERS) continue;
      if (field.fieldKind === "map") continue;
      if (!field.message || isTextMessage(field.message))
        parameters.push({ name: dotted(fields), in: "query", schema: schemas.fieldSchema(field) });
      else if (field.fieldKind === "message" && fields.length < DEEPEST_PARAMETER && !isWellKnown(field.message))
        collect(field.message, fields);
    }
  }
}

function isWellKnown({ typeName }: DescMessage): boolean {
  return typeName.startsWith("google.protobuf.");
}
