import type { DescMessage } from "@bufbuild/protobuf";
import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { accessNote, openApiDocument } from "@interpose/protocol";
import { EventService, PublishedEventSchema } from "@interpose/protocol/gen/interpose/v1/event_service_pb";
import { SERVED } from "../api/index.ts";
import { CLOUD_EVENTS_PATH } from "../listener/cloud-events.ts";
import { VERSION } from "../version.ts";

/** The own API in OpenAPI, as JSON, with the comments of its files. */
export function openApiText(files: readonly FileDescriptorProto[]): string {
  const document = openApiDocument(SERVED, {
    title: "Interpose",
    version: VERSION,
    files,
    note: accessNote,
    info: { license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
    others: (refTo) => ({ [CLOUD_EVENTS_PATH]: { post: cloudEventsOperation(refTo) } }),
  });
  return JSON.stringify(document);
}

/** The attributes that have a meaning here (docs/events.md), and whether an event must have them. */
const ATTRIBUTES = [
  { name: "specversion", isRequired: true, schema: { type: "string", pattern: "^1\\.0$" } },
  { name: "id", isRequired: true, schema: { type: "string" } },
  { name: "source", isRequired: true, schema: { type: "string" } },
  { name: "type", isRequired: true, schema: { type: "string" } },
  { name: "subject", isRequired: false, schema: { type: "string" } },
  { name: "aggregatetype", isRequired: false, schema: { type: "string" } },
] as const;

/** An event in the JSON format (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md). */
const STRUCTURED = {
  type: "object",
  properties: {
    ...Object.fromEntries(ATTRIBUTES.map(({ name, schema }) => [name, schema])),
    data: { type: "object" },
    data_base64: { type: "string", contentEncoding: "base64" },
  },
  required: ATTRIBUTES.filter(({ isRequired }) => isRequired).map(({ name }) => name),
};

/** Publishing CloudEvents by HTTP, which no protobuf message has the shape of. */
function cloudEventsOperation(refTo: (message: DescMessage) => object): Readonly<Record<string, unknown>> {
  const method = EventService.method.publishEvents;
  const place = refTo(PublishedEventSchema);
  const description =
    "Publishes CloudEvents 1.0, as PublishEvents does: one in binary mode, whose attributes are headers, one in structured mode, or a batch, of which all are published or none. Answers where they stand.";
  return {
    operationId: `${method.parent.typeName}.${method.name}.cloudEvents`,
    tags: [method.parent.typeName],
    summary: "Publishes CloudEvents.",
    description: [description, accessNote(method)].filter(Boolean).join("\n\n"),
    parameters: ATTRIBUTES.map(({ name, schema }) => ({
      name: `ce-${name}`,
      in: "header",
      description: "In binary mode.",
      schema,
    })),
    requestBody: {
      content: {
        "application/json": { schema: { type: "object" } },
        "application/cloudevents+json": { schema: STRUCTURED },
        "application/cloudevents-batch+json": { schema: { type: "array", items: STRUCTURED } },
      },
    },
    responses: {
      "202": {
        description: "Success: one place, or those of a batch.",
        content: { "application/json": { schema: { oneOf: [place, { type: "array", items: place }] } } },
      },
      default: { $ref: "#/components/responses/error" },
    },
  };
}
