import { createHash } from "node:crypto";
import { InterposeError } from "@interpose/engine";

/** How many items a page has where none are asked for. */
export const DEFAULT_PAGE_SIZE = 100;

/** What a page token says, as far as it has the given form. Undefined for none: the first page. Throws `page_token_invalid`. */
export function readPageToken(token: string, form: RegExp): RegExpExecArray | undefined {
  if (token === "") return undefined;
  const said = form.exec(textOfPageToken(token));
  if (said) return said;
  throw pageTokenInvalid("is not one that this server gave. Leave it away to begin with the first page.");
}

/** What a page token says, whatever it is. */
export function textOfPageToken(token: string): string {
  return Buffer.from(token, "base64url").toString();
}

/** The refusal of a page token. The description begins with a verb. */
export function pageTokenInvalid(description: string): InterposeError {
  return new InterposeError("page_token_invalid", `page_token ${description}`, {
    violations: [{ field: "page_token", description }],
  });
}

/** A page of what was read with one item more than is answered, and the token of the next page; empty for none. */
export function pageOf<Row>(
  rows: readonly Row[],
  size: number,
  behind: (last: Row) => string,
): { readonly page: readonly Row[]; readonly nextPageToken: string } {
  const page = rows.slice(0, size);
  const last = page.at(-1);
  return { page, nextPageToken: rows.length > size && last !== undefined ? writePageToken(behind(last)) : "" };
}

/** A page token says behind what the next page begins, so pages stay whole while items come and go. */
export function writePageToken(behind: string): string {
  return Buffer.from(behind).toString("base64url");
}

/** What tells a page token of one call and filter from others. No secret: whoever makes one up gets what they ask for, of what they may see. */
export function checksumOf(call: string, filter: object): string {
  const text = JSON.stringify([call, filter], (_key, value: unknown) =>
    typeof value === "bigint" ? String(value) : value,
  );
  return createHash("sha256").update(text).digest("base64url").slice(0, 11);
}

/** The refusal of a page token that was given for other filters, or by nobody. */
export function pageTokenOfOthers(): InterposeError {
  return pageTokenInvalid(
    "is not one that this server gave for these filters. Keep the filters, or leave it away to begin with the first page.",
  );
}
