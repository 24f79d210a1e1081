import type { Settings } from "../config/index.ts";

/** Connections to the store of a delivery worker's own: claims, results, the lease, and what is done beside. */
export const DELIVERY_CONNECTIONS = 5;
/** Connections that listen: the router's, and a delivery worker's. */
const LISTENING = { router: 1, worker: 1 };

/** The one by which runs come on record. */
const RECORDING = 1;

/** Most connections to PostgreSQL that a server with these settings has at once. */
export function mostConnections({
  database,
  deliveries,
  runs,
}: Pick<Settings, "database" | "deliveries" | "runs">): number {
  const delivering = deliveries.enabled ? DELIVERY_CONNECTIONS + LISTENING.worker : 0;
  const recording = runs.record === "off" ? 0 : RECORDING;
  return database.maxConnections + LISTENING.router + delivering + recording;
}
