import type { DescService } from "@bufbuild/protobuf";
import { StatusSchema } from "../gen/google/rpc/status_pb.js";
import type { Route } from "../rest/bindings.ts";
import { createRoutes } from "../rest/routes.ts";
import { methodRules } from "../services/method-rules.ts";
import { readComments, type Comments } from "./comments.ts";
import { createSchemas, type JsonSchema, type Schemas } from "./schemas.ts";

/** What a document says of itself. */
export interface OpenApiOptions {
  readonly title: string;
  readonly version: string;
  /** A FileDescriptorSet with source info, for the comments of the .proto files. */
  readonly descriptorSet?: Uint8Array | undefined;
}

/**
 * Describes the REST side of services in OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0). It is 3.1 because its schemas are JSON Schema, and because DELETE
 * may have a body in it, as DeleteExecution has.
 */
export function openApiDocument(
  services: readonly DescService[],
  { title, version, descriptorSet }: OpenApiOptions,
): JsonSchema {
  const comments: Comments = descriptorSet ? readComments(descriptorSet) : new Map();
  const schemas = createSchemas(comments);
  const paths: Record<string, Record<string, JsonSchema>> = {};
  const used = new Map<string, number>();
  for (const route of createRoutes(services).all) {
    const operation = `${route.method.parent.typeName}.${route.method.name}`;
    const nth = (used.get(operation) ?? 0) + 1;
    used.set(operation, nth);
    const path = (paths[pathOf(route)] ??= {});
    path[route.verb.toLowerCase()] = operationOf(
      route,
      nth === 1 ? operation : `${operation}.${nth}`,
      schemas,
      comments,
    );
  }
  const status = schemas.messageRef(StatusSchema);
  return {
    openapi: "3.1.0",
    info: { title, version, license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    security: [{ bearer: [] }],
    tags: services.map(({ typeName }) => ({ name: typeName, description: comments.get(typeName) ?? "" })),
    paths,
    components: {
      securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
      responses: {
        error: { description: "The call was refused.", content: { "application/json": { schema: status } } },
      },
      schemas: schemas.collected(),
    },
  };
}

/** The path as OpenAPI writes it: variables in braces by their names, without patterns. */
function pathOf({ template }: Route): string {
  const parts: string[] = [];
  for (let i = 0; i < template.segments.length; i++) {
    const variable = template.variables.find(({ from }) => from === i);
    const segment = template.segments[i];
    if (variable) {
      parts.push(`{${variable.fieldPath.join(".")}}`);
      i = variable.to - 1;
    } else parts.push(segment?.kind === "literal" ? segment.text : "*");
  }
  return `/${parts.join("/")}${template.verb === "" ? "" : `:${template.verb}`}`;
}

function operationOf(route: Route, operationId: string, schemas: Schemas, comments: Comments): JsonSchema {
  const { method, body, responseField, template } = route;
  const { access } = methodRules(method);
  const comment = comments.get(`${method.parent.typeName}.${method.name}`);
  const needs =
    access.kind === "permission"
      ? `Needs the permission \`${access.permission}\`.`
      : "Needs a token, and no permission.";
  const inPath = new Set(template.variables.map(({ fieldPath }) => fieldPath[0] ?? ""));
  const pathParameters = template.variables.map(({ fieldPath }, i) => {
    const field = route.variableFields[i]?.at(-1);
    return {
      name: fieldPath.join("."),
      in: "path",
      required: true,
      schema: field ? schemas.fieldSchema(field) : { type: "string" },
    };
  });
  const queryParameters =
    body === "message"
      ? []
      : method.input.fields
          .filter(
            (field) =>
              field !== body &&
              !inPath.has(field.name) &&
              field.fieldKind !== "map" &&
              !(field.fieldKind === "list" && field.listKind === "message"),
          )
          .map((field) => ({ name: field.jsonName, in: "query", schema: schemas.fieldSchema(field) }));
  const requestSchema =
    body === "message" ? schemas.messageRef(method.input) : body === "nothing" ? undefined : schemas.fieldSchema(body);
  const responseSchema = responseField ? schemas.fieldSchema(responseField) : schemas.messageRef(method.output);
  return {
    operationId,
    tags: [method.parent.typeName],
    ...(comment && { summary: comment.split("\n")[0] }),
    description: [comment, needs].filter(Boolean).join("\n\n"),
    ...(pathParameters.length + queryParameters.length > 0 && { parameters: [...pathParameters, ...queryParameters] }),
    ...(requestSchema && {
      requestBody: { required: true, content: { "application/json": { schema: requestSchema } } },
    }),
    responses: {
      [String(route.successStatus)]: {
        description: "Success.",
        content: { "application/json": { schema: responseSchema } },
      },
      default: { $ref: "#/components/responses/error" },
    },
  };
}
