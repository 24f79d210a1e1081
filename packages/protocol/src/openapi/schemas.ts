import { getOption, hasOption, ScalarType, type DescEnum, type DescField, type DescMessage } from "@bufbuild/protobuf";
import { field as fieldRules, oneof as oneofRules } from "../gen/buf/validate/validate_pb.js";
import type { Comments } from "./comments.ts";

/** A JSON Schema (2020-12), as OpenAPI 3.1 uses it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Collects the schemas of the messages that a document speaks of. */
export interface Schemas {
  /** A reference to a message's schema, which is collected with all that it refers to. */
  messageRef(message: DescMessage): JsonSchema;
  fieldSchema(field: DescField): JsonSchema;
  /** All that was collected, by full name. */
  collected(): Readonly<Record<string, JsonSchema>>;
}

/** What the JSON mapping of protobuf makes of the well-known types. https://protobuf.dev/programming-guides/json/ */
const WELL_KNOWN: Readonly<Record<string, JsonSchema>> = {
  "google.protobuf.Timestamp": { type: "string", format: "date-time" },
  "google.protobuf.Duration": { type: "string", pattern: "^-?[0-9]+(\\.[0-9]{1,9})?s$", examples: ["10s", "0.5s"] },
  "google.protobuf.FieldMask": { type: "string" },
  "google.protobuf.Struct": { type: "object" },
  "google.protobuf.ListValue": { type: "array", items: {} },
  "google.protobuf.Value": {},
  "google.protobuf.Empty": { type: "object" },
  "google.protobuf.Any": { type: "object", properties: { "@type": { type: "string" } }, required: ["@type"] },
  "google.protobuf.BoolValue": { type: ["boolean", "null"] },
  "google.protobuf.StringValue": { type: ["string", "null"] },
  "google.protobuf.BytesValue": { type: ["string", "null"], format: "byte" },
  "google.protobuf.Int32Value": { type: ["integer", "null"] },
  "google.protobuf.UInt32Value": { type: ["integer", "null"] },
  "google.protobuf.Int64Value": { type: ["string", "null"] },
  "google.protobuf.UInt64Value": { type: ["string", "null"] },
  "google.protobuf.FloatValue": { type: ["number", "null"] },
  "google.protobuf.DoubleValue": { type: ["number", "null"] },
};

/** An empty collection. */
export function createSchemas(comments: Comments): Schemas {
  const found = new Map<string, JsonSchema>();

  function messageRef(message: DescMessage): JsonSchema {
    const wellKnown = WELL_KNOWN[message.typeName];
    if (wellKnown) return wellKnown;
    if (!found.has(message.typeName)) {
      // Held before it is filled: messages may refer to themselves.
      found.set(message.typeName, {});
      found.set(message.typeName, messageSchema(message));
    }
    return { $ref: `#/components/schemas/${message.typeName}` };
  }

  function messageSchema(message: DescMessage): JsonSchema {
    const required = message.fields.filter(
      (field) => hasOption(field, fieldRules) && getOption(field, fieldRules).required,
    );
    const choices = message.oneofs.map((oneof) => {
      const names = oneof.fields.map(({ jsonName }) => jsonName).join(", ");
      const must = hasOption(oneof, oneofRules) && getOption(oneof, oneofRules).required;
      return `${must ? "Exactly one" : "At most one"} of: ${names}.`;
    });
    return {
      type: "object",
      ...described([comments.get(message.typeName), ...choices].filter(Boolean).join("\n\n")),
      properties: Object.fromEntries(message.fields.map((field) => [field.jsonName, fieldSchema(field)])),
      ...(required.length > 0 && { required: required.map(({ jsonName }) => jsonName) }),
    };
  }

  function enumRef(type: DescEnum): JsonSchema {
    if (!found.has(type.typeName)) {
      const meanings = type.values.map(({ name }) => [name, comments.get(`${type.typeName}.${name}`)] as const);
      const text = meanings
        .filter(([, meaning]) => meaning)
        .map(([name, meaning]) => `- \`${name}\`: ${meaning ?? ""}`);
      found.set(type.typeName, {
        type: "string",
        enum: type.values.map(({ name }) => name),
        ...described([comments.get(type.typeName), text.join("\n")].filter(Boolean).join("\n\n")),
      });
    }
    return { $ref: `#/components/schemas/${type.typeName}` };
  }

  function itemSchema(field: DescField): JsonSchema {
    if (field.message) return messageRef(field.message);
    if (field.enum) return enumRef(field.enum);
    return scalarSchema(field.scalar);
  }

  function fieldSchema(field: DescField): JsonSchema {
    const description = described(comments.get(`${field.parent.typeName}.${field.name}`));
    if (field.fieldKind === "list") return { type: "array", items: itemSchema(field), ...description };
    if (field.fieldKind === "map") return { type: "object", additionalProperties: itemSchema(field), ...description };
    return { ...itemSchema(field), ...rulesOf(field), ...description };
  }

  return {
    messageRef,
    fieldSchema,
    collected: () => Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

function scalarSchema(type: ScalarType): JsonSchema {
  switch (type) {
    case ScalarType.STRING:
      return { type: "string" };
    case ScalarType.BYTES:
      return { type: "string", format: "byte" };
    case ScalarType.BOOL:
      return { type: "boolean" };
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return { type: "number" };
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return { type: "integer", format: "int32" };
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return { type: "integer", format: "uint32", minimum: 0 };
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return { type: "string", format: "int64" };
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return { type: "string", format: "uint64" };
  }
}

/** The rules of a field that JSON Schema can say too. */
function rulesOf(field: DescField): JsonSchema {
  if (!hasOption(field, fieldRules)) return {};
  const { type } = getOption(field, fieldRules);
  if (type.case === "string") {
    const { minLen, maxLen, wellKnown } = type.value;
    return {
      ...(minLen > 0n && { minLength: Number(minLen) }),
      ...(maxLen > 0n && { maxLength: Number(maxLen) }),
      ...(wellKnown.case === "uri" && { format: "uri" }),
    };
  }
  if (type.case === "int32") {
    const { greaterThan, lessThan } = type.value;
    return {
      ...(greaterThan.case === "gte" && { minimum: greaterThan.value }),
      ...(lessThan.case === "lte" && { maximum: lessThan.value }),
    };
  }
  return {};
}

function described(description: string | undefined): JsonSchema {
  return description ? { description } : {};
}
