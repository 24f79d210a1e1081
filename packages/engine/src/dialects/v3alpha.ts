import type { JsonObject } from "../json.ts";
import type { Message } from "../message.ts";
import { envelopeToJson, mergedInto, messagesToJson, type PayloadDialect } from "./dialect.ts";

/** The dialect of ZITADEL's first action API: proto field names, and a reply that is merged in. */
export const v3alpha: PayloadDialect = {
  spelling: "proto",

  payload: (envelope, messages) => ({ ...envelopeToJson(envelope), ...messagesToJson(messages, "proto") }),

  applyReply: merged,

  // Each of its replies is one.
  applyPatch: merged,
};

function merged(message: Message, reply: JsonObject): Message {
  return mergedInto(message, reply, "proto", "ignore");
}
