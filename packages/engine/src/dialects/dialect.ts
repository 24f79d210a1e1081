import { failureToJson, type ApiFailure } from "../api-failure.ts";
import type { JsonObject } from "../json.ts";
import { mergeReply } from "../merge.ts";
import { MessageMismatch, type Message, type Spelling } from "../message.ts";
import type { Envelope } from "./envelope.ts";

/** The messages of a run. On the way back `response` is there, or `failure` in its place. */
export interface Messages {
  readonly request: Message;
  readonly response?: Message | undefined;
  readonly failure?: ApiFailure | undefined;
}

/** One way of talking with targets. */
export interface PayloadDialect {
  readonly spelling: Spelling;
  /** What a target is sent. */
  payload(envelope: Envelope, messages: Messages): JsonObject;
  /** The message that a reply makes of another. Throws MessageMismatch when it does not fit; the message is then as it was. */
  applyReply(message: Message, reply: JsonObject): Message;
  /** The message that a reply makes of another where its target patches: what the reply leaves out stays. Throws as `applyReply` does. */
  applyPatch(message: Message, reply: JsonObject): Message;
}

/** Merges a reply into a message, with what the dialect makes of keys that are no field. Throws MessageMismatch when it does not fit. */
export function mergedInto(
  message: Message,
  reply: JsonObject,
  spelling: Spelling,
  unknownKeys: "ignore" | "refuse",
): Message {
  return message.replacedBy(mergedJson(message, reply, spelling, unknownKeys), unknownKeys);
}

function mergedJson(
  message: Message,
  reply: JsonObject,
  spelling: Spelling,
  unknownKeys: "ignore" | "refuse",
): JsonObject {
  try {
    const kept = unknownKeys === "ignore" ? "ignore" : "keep";
    return mergeReply(message.json(spelling), reply, message.shape, spelling, kept);
  } catch (error) {
    if (error instanceof RangeError) throw new MessageMismatch(error.message);
    throw error;
  }
}

/** The part of a payload that both dialects share: who calls what, without what is empty. */
export function envelopeToJson({ fullMethod, instanceId, orgId, projectId, userId }: Envelope): JsonObject {
  const named = { fullMethod, instanceID: instanceId, orgID: orgId, projectID: projectId, userID: userId };
  return Object.fromEntries(Object.entries(named).filter((entry): entry is [string, string] => Boolean(entry[1])));
}

/** The part of a payload that holds the messages, in either dialect's spelling. */
export function messagesToJson({ request, response, failure }: Messages, spelling: Spelling): JsonObject {
  return {
    request: request.json(spelling),
    ...(response && { response: response.json(spelling) }),
    ...(failure && { error: failureToJson(failure, spelling) }),
  };
}
