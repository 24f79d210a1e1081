import { createHash } from "node:crypto";
import type { DeliveryFilter } from "../../../store/sql/delivery-filter.ts";
import { pageTokenInvalid, textOfPageToken } from "../../page-token.ts";
import { deliveryIdFromText } from "./delivery.ts";

/** What a page token is for: one of a list does not continue an order. */
export type PagedCall = "list" | "cancel" | "replay";

/** What a page token says: by ids of deliveries where to go on, and for which filter. */
export function behindDeliveries(ids: readonly bigint[], call: PagedCall, filter: DeliveryFilter): string {
  return `${ids.join(".")}.${checksum(call, filter)}`;
}

/** The ids of a page token. Throws `page_token_invalid` for one that was not given for this call and this filter. */
export function readPageToken(token: string, call: PagedCall, filter: DeliveryFilter): readonly bigint[] {
  const parts = textOfPageToken(token).split(".");
  const sum = parts.pop();
  const ids = parts.flatMap((part) => deliveryIdFromText(part) ?? []);
  if (sum === checksum(call, filter) && ids.length === parts.length && ids.length === LENGTHS[call]) return ids;
  throw pageTokenInvalid(
    "is not one that this server gave for these filters. Keep the filters, or leave it away to begin with the first page.",
  );
}

/** How many ids the token of a call has. */
const LENGTHS: Readonly<Record<PagedCall, number>> = { list: 1, cancel: 1, replay: 2 };

/** No secret: whoever makes one up gets what they ask for, of deliveries that they may see. */
function checksum(call: PagedCall, filter: DeliveryFilter): string {
  const text = JSON.stringify([call, filter], (_key, value: unknown) =>
    typeof value === "bigint" ? String(value) : value,
  );
  return createHash("sha256").update(text).digest("base64url").slice(0, 11);
}
