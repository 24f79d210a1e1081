/** The authority of a URL (RFC 3986, section 3.2), with what stands before it. JSON may write a slash behind backslashes; of http and https, parsers need no slash at all. */
const AUTHORITY = /((?:[a-z][a-z\d+.-]{0,30}:(?:\\*\/){2}|https?:)(?:\\*\/)*)([^\s"\\/?#]+)/gi;

/**
 * A text, such as JSON, in which no URL has a user or a password: the endpoint of a target may have both, and reads the same without. Takes time in proportion to the
 * text's length, whatever it is.
 */
export function withoutUrlCredentials(text: string): string {
  if (!text.includes("@")) return text;
  return text.replace(
    AUTHORITY,
    (_url, start: string, authority: string) => start + authority.slice(authority.lastIndexOf("@") + 1),
  );
}

/** The same of UTF-8. */
export function bytesWithoutUrlCredentials(bytes: Uint8Array): Uint8Array {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.includes("@") ? Buffer.from(withoutUrlCredentials(buffer.toString())) : bytes;
}
