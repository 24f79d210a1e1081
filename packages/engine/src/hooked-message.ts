import type { ApiFailure } from "./api-failure.ts";
import type { Messages } from "./dialects/dialect.ts";
import type { Envelope } from "./dialects/envelope.ts";
import { DIALECTS } from "./dialects/index.ts";
import type { Message } from "./message.ts";
import type { Subject } from "./subject.ts";

/** A message on its way, with what stands around it. */
export interface MessageInCall {
  /** The message that is hooked. For an error of the API: the request that led to it. */
  readonly message: Message;
  /** For a response: the request that it answers, as request targets left it. Absent: the message is a request. */
  readonly request?: Message | undefined;
  /** How the API failed, where it has no response. Targets watch it, and may put a refusal of their own in its place; no reply makes a success of it. */
  readonly failure?: ApiFailure | undefined;
  readonly envelope: Envelope;
}

/** A message as a run is about it. */
export interface HookedMessage extends Subject<HookedMessage> {
  readonly message: Message;
}

/** What a run is about for a request, a response, or an error of the API: each target is told of it in its dialect, and changes it by the rules of that. */
export function hookedMessage(given: MessageInCall): HookedMessage {
  const { message, request, failure, envelope } = given;
  const messages: Messages = request ? { request, response: message } : { request: message, failure };
  return {
    kind: "message",
    message,
    payloadFor: ({ dialect }) => DIALECTS[dialect].payload(envelope, messages),
    stateFor: ({ dialect }) => message.json(DIALECTS[dialect].spelling),
    recordable: (reply) => message.recordable(reply),
    repliedBy: ({ dialect, replyMode }, reply) =>
      failure
        ? undefined
        : hookedMessage({
            ...given,
            message: DIALECTS[dialect][replyMode === "patch" ? "applyPatch" : "applyReply"](message, reply),
          }),
  };
}
