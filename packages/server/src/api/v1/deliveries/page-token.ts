import type { DeliveryFilter } from "../../../store/sql/delivery-filter.ts";
import { checksumOf, pageTokenOfOthers, textOfPageToken } from "../../page-token.ts";
import { deliveryIdFromText } from "./delivery.ts";

/** What a page token is for: one of a list does not continue an order. */
export type PagedCall = "list" | "cancel" | "replay";

/** What a page token says: by ids of deliveries where to go on, and for which filter. */
export function behindDeliveries(ids: readonly bigint[], call: PagedCall, filter: DeliveryFilter): string {
  return `${ids.join(".")}.${checksumOf(call, filter)}`;
}

/** The ids of a page token. Throws `page_token_invalid` for one that was not given for this call and this filter. */
export function readPageToken(token: string, call: PagedCall, filter: DeliveryFilter): readonly bigint[] {
  const parts = textOfPageToken(token).split(".");
  const sum = parts.pop();
  const ids = parts.flatMap((part) => deliveryIdFromText(part) ?? []);
  if (sum === checksumOf(call, filter) && ids.length === parts.length && ids.length === LENGTHS[call]) return ids;
  throw pageTokenOfOthers();
}

/** How many ids the token of a call has. */
const LENGTHS: Readonly<Record<PagedCall, number>> = { list: 1, cancel: 1, replay: 2 };
