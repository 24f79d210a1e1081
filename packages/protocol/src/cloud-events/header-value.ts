import { fault } from "./cloud-event.ts";

/**
 * The text of an attribute that came as a header: without the double quotes that some senders put around it, and then percent-decoded once, as the HTTP binding has it in section 3.1.3.2.
 * Throws `bad_request`.
 */
export function attributeFromHeader(value: string, name: string): string {
  const text = unquoted(value.trim());
  if (!/^[\x20-\x7e\t]*$/.test(text)) {
    throw fault(name, "has a character beyond printable ASCII. Percent-encode it, as UTF-8.");
  }
  try {
    return decodeURIComponent(text);
  } catch {
    throw fault(name, "has a malformed percent escape. Write a percent sign as %25, and other characters as UTF-8.");
  }
}

/** RFC 9110, section 5.6.4. */
function unquoted(value: string): string {
  const [, inner] = /^"((?:[^"\\]|\\.)*)"$/.exec(value) ?? [];
  return inner === undefined ? value : inner.replace(/\\(.)/g, "$1");
}
