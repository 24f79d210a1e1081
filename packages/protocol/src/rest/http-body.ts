import type { Route } from "./bindings.ts";
import { reflect } from "@bufbuild/protobuf/reflect";
import { create, type DescField, type DescMessage, type Message } from "@bufbuild/protobuf";

/** A body of HTTP, and what it says that it is. */
export interface RestBody {
  /** `content-type`; undefined where there is none. */
  readonly contentType: string | undefined;
  readonly bytes: Uint8Array;
}

/** `google.api.HttpBody`, which stands for the bytes of a body instead of JSON (google/api/httpbody.proto). Its `extensions` have no place in HTTP. */
interface HttpBody {
  readonly contentType?: string;
  readonly data?: Uint8Array;
}

/** Whether a body of this type is bytes as they are. */
export function isHttpBody(type: DescMessage | undefined): type is DescMessage {
  return type?.typeName === "google.api.HttpBody";
}

/** The type of what a body is: a message as a whole, or one of its fields. */
export function typeOfBody(message: DescMessage, field: DescField | undefined): DescMessage | undefined {
  if (!field) return message;
  return field.fieldKind === "message" ? field.message : undefined;
}

/** Whether the body of a route's requests, or responses, is bytes as they are. */
export function isRawBody({ method, body, responseField }: Route, side: "request" | "response"): boolean {
  if (side === "response") return isHttpBody(typeOfBody(method.output, responseField));
  return body !== "nothing" && isHttpBody(typeOfBody(method.input, body === "message" ? undefined : body));
}

/** The message that stands for a body. */
export function httpBodyFrom(type: DescMessage, { contentType = "", bytes }: RestBody): Message {
  return create(type, { contentType, data: bytes });
}

/** Makes a field of a message stand for a body. */
export function setHttpBody(message: Message, field: DescField, body: RestBody): void {
  const type = typeOfBody(field.parent, field);
  if (type) reflect(field.parent, message).set(field, reflect(type, httpBodyFrom(type, body)));
}

/** The body that a message, or a field of it, stands for. */
export function bodyOfHttpBody(message: Message, field: DescField | undefined): RestBody {
  const holder = message as never as Readonly<Record<string, HttpBody | undefined>>;
  const { contentType = "", data = new Uint8Array() } = (field ? holder[field.localName] : (message as never)) ?? {};
  return { contentType: contentType === "" ? undefined : contentType, bytes: data };
}
