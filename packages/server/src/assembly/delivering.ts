import type { Settings } from "../config/index.ts";
import { createOwnerTeller } from "../deliveries/owner-teller.ts";
import { startDeliveryWorker } from "../deliveries/worker.ts";
import type { DeliveryOwners } from "../events/delivery-owners.ts";
import { DELIVERY_CONNECTIONS } from "../store/connections.ts";
import type { Store } from "../store/index.ts";
import { DRAIN_SLACK_MS, type Teardown } from "./teardown.ts";

/** What the delivery worker may take for its last statements, beyond the time that attempts get. */
const LAST_WRITES_MS = 10_000;

/** What delivering needs. */
export interface DeliveringParts extends Omit<Parameters<typeof startDeliveryWorker>[0], "database"> {
  readonly store: Store;
  readonly teardown: Teardown;
  readonly settings: Settings["deliveries"];
  /** How long attempts under way get at the end, in milliseconds. */
  readonly drainMs: number;
}

/** Begins to deliver, where the settings want it. Answers the way to those who do, here or elsewhere. */
export async function startDelivering({
  store,
  teardown,
  settings,
  drainMs,
  ...parts
}: DeliveringParts): Promise<DeliveryOwners> {
  const { log } = parts;
  if (!settings.enabled) {
    const teller = createOwnerTeller(store.database, (error) => log("owners.not_told", { error }));
    teardown.add("telling of what was published", teller.stop);
    return { tell: teller.tell, reserve: () => undefined };
  }
  const { maxInFlight } = settings;
  const database = store.open({ maxConnections: DELIVERY_CONNECTIONS, plansByIndex: true });
  teardown.add("connections for deliveries", database.close);
  const worker = await startDeliveryWorker({ ...parts, database }, { maxInFlight });
  teardown.add("deliveries", () => worker.stop(drainMs), drainMs + DRAIN_SLACK_MS + LAST_WRITES_MS);
  return worker.owners;
}
