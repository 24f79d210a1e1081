import { toJson } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";
import {
  DeliverySchema,
  DeliveryService,
  DeliveryState,
  type Delivery,
} from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import { printable, styled, type Output, type Style } from "../output.ts";
import { readableTime } from "../readable.ts";
import { stateName, type GivenFilter } from "./filter.ts";

const STYLES: Partial<Record<DeliveryState, Style>> = {
  [DeliveryState.SUCCEEDED]: "green",
  [DeliveryState.DEAD]: "red",
  [DeliveryState.HELD]: "yellow",
};
const WIDEST_STATE = "succeeded".length;

/** Prints deliveries as they change, until the signal. Where the connection is lost it ends with that: what changes meanwhile is not told later. */
export async function watchDeliveries(
  transport: Transport,
  filter: GivenFilter,
  { output, stop }: { readonly output: Output; readonly stop: AbortSignal },
): Promise<void> {
  let isConnected = false;
  try {
    for await (const { delivery } of createClient(DeliveryService, transport).watchDeliveries(filter, {
      signal: stop,
    })) {
      if (!isConnected) output.note(styled("green", "connected: what changes from now on is shown", process.stderr));
      isConnected = true;
      if (delivery) output.next(toJson(DeliverySchema, delivery), () => textOf(delivery));
      if (output.isClosed()) return;
    }
  } catch (error) {
    if (!stop.aborted) throw error;
  }
  if (!stop.aborted) output.note(styled("yellow", "the server ended the connection", process.stderr));
}

function textOf(delivery: Delivery): string {
  const { id, state, event, targetName, targetId, attemptCount, reason, nextAttemptTime, endTime } = delivery;
  const style = STYLES[state];
  const name = stateName(state).padEnd(WIDEST_STATE);
  const about = [
    event ? `${event.type} (${event.position})` : "(pruned)",
    `→ ${targetName === "" ? targetId : targetName}`,
    `${attemptCount} attempts`,
    ...(reason === "" ? [] : [reason]),
    ...(endTime
      ? [`ended ${readableTime(endTime)}`]
      : nextAttemptTime
        ? [`next ${readableTime(nextAttemptTime)}`]
        : []),
  ];
  return `${id}  ${style ? styled(style, name) : name}  ${printable(about.join("  "))}`;
}
