import { toJson, type Message, type Registry } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import type { Route } from "./routes.ts";

/** The body of a success: canonical protobuf JSON in lowerCamelCase, without zero values; with `response_body`, that field alone. */
export function encodeResponse({ method, responseField }: Route, message: Message, registry?: Registry): string {
  const json = toJson(method.output, message, { ...(registry && { registry }) });
  if (!responseField) return JSON.stringify(json);
  const value = (json as Readonly<Record<string, unknown>>)[responseField.jsonName];
  // A field that is a body of its own has no place to be left out from: its zero value is written.
  return JSON.stringify(value ?? zeroOf(reflect(method.output, message), responseField));
}

function zeroOf(message: ReturnType<typeof reflect>, field: NonNullable<Route["responseField"]>): unknown {
  switch (field.fieldKind) {
    case "list":
      return [];
    case "map":
      return {};
    case "message":
      return field.message.typeName.startsWith("google.protobuf.") ? null : {};
    case "enum":
      return field.enum.values[0]?.name ?? 0;
    case "scalar": {
      const zero: unknown = message.get(field);
      return typeof zero === "bigint" ? zero.toString() : zero instanceof Uint8Array ? "" : zero;
    }
  }
}
