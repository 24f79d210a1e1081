import { mergeReply } from "../merge.ts";
import { MessageMismatch, type Message } from "../message.ts";
import { envelopeToJson, messagesToJson, type PayloadDialect } from "./dialect.ts";

/** The dialect of ZITADEL's first action API: proto field names, and a reply that is merged in. */
export const v3alpha: PayloadDialect = {
  spelling: "proto",

  payload: (envelope, messages) => ({ ...envelopeToJson(envelope), ...messagesToJson(messages, "proto") }),

  applyReply(message, reply): Message {
    try {
      return message.replacedBy(mergeReply(message.json("proto"), reply, message.shape, "proto"), "ignore");
    } catch (error) {
      if (error instanceof RangeError) throw new MessageMismatch(error.message);
      throw error;
    }
  },
};
