import { compileSnapshot, executionsById } from "@interpose/engine";
import { planDeliveries } from "../../../../packages/server/src/events/plan-deliveries.ts";
import { createDatabase } from "../../../../packages/server/src/store/database.ts";
import { appendEvents } from "../../../../packages/server/src/store/sql/append-events.ts";
import { loadSnapshot } from "../../../../packages/server/src/store/sql/load-snapshot.ts";
import { eventOf } from "../../cases.ts";
import { now } from "../../clock.ts";
import type { Publisher, PublisherOptions } from "../publisher.ts";

/** Publishes as a server does for its clients, but in this process: what delivers need not run. */
export async function createStorePublisher({ databaseUrl }: Pick<PublisherOptions, "databaseUrl">): Promise<Publisher> {
  const database = createDatabase({ url: databaseUrl });
  const [instance] = await database.query<{ readonly id: string }>({
    text: "select id from interpose.instances",
    values: [],
  });
  const instanceId = instance?.id ?? "";
  const { revision, targets, executions } = await loadSnapshot(database, instanceId);
  const snapshot = compileSnapshot({
    revision,
    targets: new Map(targets.map((target) => [target.id, target])),
    executions: executionsById(executions),
  });
  return {
    async publish(events) {
      const toPlan = events.map((event) => ({ ...eventOf(event, now()), creator: "benchmark", depth: 0 }));
      const options = { instanceId, revision, learnTypes: true };
      if (!(await appendEvents(database, planDeliveries(toPlan, snapshot, 1), options)))
        throw new Error("executions have changed");
    },
    close: () => database.close(),
  };
}
