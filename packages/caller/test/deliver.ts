import type { DeliveryExchange, DeliveryRequest } from "../src/delivery.ts";
import type { TargetCallerOptions } from "../src/options.ts";
import { createTargetCaller } from "../src/target-caller.ts";
import { LOOPBACK } from "./call.ts";

/** An attempt to deliver, with what a test does not care about filled in. */
export function delivery(endpoint: string, given: Partial<DeliveryRequest> = {}): DeliveryRequest {
  return { targetId: "1", id: "17", endpoint, timeoutMs: 10_000, payload: Buffer.from("{}"), headers: {}, ...given };
}

/** Delivers one after another by one caller, over one connection to an origin at a time, and closes. */
export async function deliverEach(
  requests: readonly DeliveryRequest[],
  options: Partial<TargetCallerOptions> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<DeliveryExchange[]> {
  const caller = createTargetCaller({ egressAllow: LOOPBACK, maxConnectionsPerOrigin: 1, ...options });
  try {
    const exchanges: DeliveryExchange[] = [];
    for (const request of requests) exchanges.push(await caller.deliver(request, signal));
    return exchanges;
  } finally {
    await caller.close();
  }
}

/** Delivers once and closes. */
export async function deliver(
  request: DeliveryRequest,
  options: Partial<TargetCallerOptions> = {},
  signal?: AbortSignal,
): Promise<DeliveryExchange> {
  const [exchange] = await deliverEach([request], options, signal);
  if (exchange === undefined) throw new Error("there was no exchange");
  return exchange;
}
