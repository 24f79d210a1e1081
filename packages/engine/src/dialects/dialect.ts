import { failureToJson, type ApiFailure } from "../api-failure.ts";
import type { JsonObject } from "../json.ts";
import type { Message, Spelling } from "../message.ts";
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
