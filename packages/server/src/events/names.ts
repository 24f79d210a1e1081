import { isOwnEventType } from "./own-events.ts";

/** Longest name of a type, an aggregate, a user or a resource owner, in characters. */
export const MAX_NAME_LENGTH = 200;
/** Longest version of a payload's form, in characters. */
export const MAX_VERSION_LENGTH = 50;
/** Longest idempotency key, in characters. */
export const MAX_KEY_LENGTH = 500;

/** Why a text cannot be a type of events that others publish: undefined when it can. Begins with a verb, for "the type ...". */
export function faultOfEventType(type: string): string | undefined {
  if (type.endsWith(".*")) return `ends in ".*", as groups of types do. Name one type.`;
  if (isOwnEventType(type))
    return "is a type of Interpose's own events, which nobody else publishes. Choose another name.";
  return faultOfName(type) ?? faultOfSlash(type);
}

/** Why a text cannot be the type of an aggregate, as far as its letters go: undefined when it can. */
export function faultOfAggregateType(type: string): string | undefined {
  return faultOfName(type) ?? faultOfSlash(type);
}

/** Why a text cannot be a name: undefined when it can. */
export function faultOfName(text: string, maxLength = MAX_NAME_LENGTH): string | undefined {
  return text === "" ? "is empty. Give it one." : faultOfText(text, maxLength);
}

/** Why a text that may be empty cannot be stored: undefined when it can. */
export function faultOfText(text: string, maxLength: number): string | undefined {
  // Characters, as the schema counts them, not halves of pairs.
  if (text.length > maxLength && Array.from(text).length > maxLength)
    return `is longer than ${maxLength} characters. Shorten it.`;
  if (/[\u0000-\u001f\u007f]/.test(text)) return "has a control character in it. Take it out.";
  return text.isWellFormed() ? undefined : "has half of a surrogate pair in it, which is no character. Take it out.";
}

/** Names are parts of the ids of conditions, where "/" separates. */
function faultOfSlash(text: string): string | undefined {
  return text.includes("/") ? 'has a "/" in it. Separate segments by dots.' : undefined;
}
