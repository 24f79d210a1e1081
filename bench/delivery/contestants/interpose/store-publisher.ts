import { compileSnapshot, executionsById } from "@interpose/engine";
import { createOwnerTeller } from "../../../../packages/server/src/deliveries/owner-teller.ts";
import { createPublisher } from "../../../../packages/server/src/events/publisher.ts";
import { createRate } from "../../../../packages/server/src/events/rate.ts";
import { createDatabase, type Database } from "../../../../packages/server/src/store/database.ts";
import type { AppendedEvent } from "../../../../packages/server/src/store/sql/events-to-append.ts";
import { loadSnapshot } from "../../../../packages/server/src/store/sql/load-snapshot.ts";
import { selectInstanceId } from "../../../../packages/server/src/store/sql/select-instance-id.ts";
import { eventOf, type BenchEvent } from "../../cases.ts";
import { now } from "../../clock.ts";
import type { Publisher, PublisherOptions } from "../publisher.ts";

/** Publishes into a database. */
export interface StorePublisher extends Publisher {
  readonly database: Database;
  /** Answers where each event stands, in their order. */
  publish(events: readonly BenchEvent[]): Promise<readonly AppendedEvent[]>;
}

/** Publishes as a server does for its clients, but in this process: what delivers need not run. */
export async function createStorePublisher({
  databaseUrl,
}: Pick<PublisherOptions, "databaseUrl">): Promise<StorePublisher> {
  const database = createDatabase({ url: databaseUrl });
  const instanceId = (await selectInstanceId(database)) ?? "";
  const { revision, targets, executions } = await loadSnapshot(database, instanceId);
  const snapshot = compileSnapshot({
    revision,
    targets: new Map(targets.map((target) => [target.id, target])),
    executions: executionsById(executions),
  });
  const owners = createOwnerTeller(database, (error) => {
    throw error;
  });
  const publisher = createPublisher({
    database,
    instanceId,
    router: { current: () => snapshot, catchUp: () => Promise.reject(new Error("executions have changed")) },
    maxRunDepth: 1,
    settings: { types: "open", declared: [], maxPayloadBytes: 256 * 1024, maxPerSecond: 0 },
    rate: createRate(0, now),
    owners: { tell: owners.tell, reserve: () => undefined },
  });
  return {
    database,
    publish(events) {
      const published = events.map((event) => eventOf(event, now()));
      return publisher.publish(published, { creator: "benchmark", depth: 0, fieldOf: (i) => `events[${i}]` });
    },
    async close() {
      await owners.stop();
      await database.close();
    },
  };
}
