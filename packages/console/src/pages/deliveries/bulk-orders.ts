import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type Client } from "@connectrpc/connect";
import type { DeliveryFilterSchema, DeliveryService } from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import { stepThrough, type BulkStep } from "./bulk.ts";

/** What is done to many deliveries, and to which. */
export type BulkOrder =
  | { readonly kind: "redeliver" | "cancel"; readonly ids: readonly string[] }
  | { readonly kind: "replay" | "cancel"; readonly filter: MessageInitShape<typeof DeliveryFilterSchema> };

/** Most deliveries that one call counts. */
const COUNT_SIZE = 10_000;

/** Counts what an order would change, by changing nothing, step by step. */
export function countStep(
  client: Client<typeof DeliveryService>,
  order: BulkOrder,
): (from: string) => Promise<BulkStep> {
  if ("ids" in order) return () => Promise.resolve({ doneCount: order.ids.length, leftCount: 0, next: "" });
  return filterStep(client, order, { maxCount: COUNT_SIZE, dryRun: true });
}

/** Carries an order out, step by step, so that about 20 of them show how far it is. */
export function changeStep(
  client: Client<typeof DeliveryService>,
  order: BulkOrder,
  total: number,
): (from: string) => Promise<BulkStep> {
  if ("ids" in order) {
    const change = order.kind === "cancel" ? client.cancelDelivery : client.redeliverDelivery;
    return stepThrough(order.ids, (id) => change({ id }), isRefusal);
  }
  return filterStep(client, order, { maxCount: Math.min(1_000, Math.max(10, Math.ceil(total / 20))), dryRun: false });
}

function filterStep(
  client: Client<typeof DeliveryService>,
  { kind, filter }: Extract<BulkOrder, { readonly filter: unknown }>,
  size: { readonly maxCount: number; readonly dryRun: boolean },
): (from: string) => Promise<BulkStep> {
  return async (pageToken) => {
    const request = { filter, pageToken, ...size };
    if (kind === "cancel") {
      const { cancelledCount, nextPageToken } = await client.cancelDeliveries(request);
      return { doneCount: cancelledCount, leftCount: 0, next: nextPageToken };
    }
    const { replayedCount, goneCount, nextPageToken } = await client.replayDeliveries(request);
    return { doneCount: replayedCount, leftCount: goneCount, next: nextPageToken };
  };
}

/** What is wrong with one delivery alone. */
function isRefusal(error: unknown): boolean {
  const { code } = ConnectError.from(error);
  return code === Code.FailedPrecondition || code === Code.NotFound;
}
