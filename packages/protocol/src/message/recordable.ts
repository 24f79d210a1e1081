import { isJsonObject, type JsonObject, type JsonValue } from "@interpose/engine";

/** The text of a reply, as `shown` leaves it. Undefined: it is no JSON object, so nothing that is hidden could be found in it. */
export function recordableJson(reply: string, shown: (json: JsonObject) => JsonValue): string | undefined {
  let json: JsonValue;
  try {
    json = JSON.parse(reply) as JsonValue;
  } catch {
    return undefined;
  }
  return isJsonObject(json) ? JSON.stringify(shown(json)) : undefined;
}
