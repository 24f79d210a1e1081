import type { JsonObject } from "./json.ts";

/** Which names a message's fields have in JSON: those of the .proto file, or lowerCamelCase. */
export type Spelling = "proto" | "camel";

/** What a merge needs to know of a message's type. */
export interface MessageShape {
  /** The field that a key of a reply means, in either spelling, or in another case where no field has that very name. `undefined`: no field. */
  field(key: string): FieldShape | undefined;
}

/** What a merge needs to know of one field. */
export interface FieldShape {
  /** Name in the .proto file. */
  readonly protoName: string;
  /** Name in lowerCamelCase JSON. */
  readonly jsonName: string;
  /** `message`: merged deeply, by `shape`. `map`: merged by key. `value`: replaced whole, as lists, scalars and well-known types are. */
  readonly kind: "value" | "map" | "message";
  /** Type of the nested message, where `kind` is `message`. */
  readonly shape?: MessageShape | undefined;
  /** Proto names of the other members of the field's oneof, which are cleared when this one is set. */
  readonly siblings: readonly { readonly protoName: string; readonly jsonName: string }[];
}

/** A message as the engine sees it. A host implements it; it never changes, a change answers a new one. */
export interface Message {
  readonly shape: MessageShape;
  /** The message as canonical protobuf JSON without zero values. https://protobuf.dev/programming-guides/json/ */
  json(spelling: Spelling): JsonObject;
  /**
   * The message that `json` describes, in either spelling. What JSON cannot express, such as unknown fields, is kept from this message.
   * Throws MessageMismatch when the JSON does not fit the type.
   */
  replacedBy(json: JsonObject, unknownKeys: "ignore" | "refuse"): Message;
  /** The text of a reply without what is hidden of this message. Undefined: something is hidden, and the text is no JSON object, in which it could be found. */
  recordable(reply: string): string | undefined;
}

/** A JSON that does not fit a message's type. The text names the field and what was expected, never a value. */
export class MessageMismatch extends Error {
  override readonly name = "MessageMismatch";
}
