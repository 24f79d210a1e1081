import { envelopeToJson, mergedInto, messagesToJson, type PayloadDialect } from "./dialect.ts";

/** The dialect of ZITADEL's current action API: lowerCamelCase names, the call's headers, and a reply that replaces the message. */
export const v2: PayloadDialect = {
  spelling: "camel",

  payload(envelope, messages) {
    const { headers } = envelope;
    return {
      ...envelopeToJson(envelope),
      ...(headers && Object.keys(headers).length > 0 && { headers }),
      ...messagesToJson(messages, "camel"),
    };
  },

  applyReply: (message, reply) => message.replacedBy(reply, "refuse"),

  applyPatch: (message, reply) => mergedInto(message, reply, "camel", "refuse"),
};
