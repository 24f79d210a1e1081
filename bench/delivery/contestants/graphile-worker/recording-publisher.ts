import { makeWorkerUtils } from "graphile-worker";
import { createStorePublisher } from "../interpose/store-publisher.ts";
import type { Publisher, PublisherOptions } from "../publisher.ts";
import { SILENT } from "./preset.ts";
import type { RecordedJob } from "./record.ts";

/** Publishes as Interpose does, events with their deliveries, and adds a job for each delivery, a batch in one statement. */
export async function createRecordingPublisher({ databaseUrl }: PublisherOptions): Promise<Publisher> {
  const store = await createStorePublisher({ databaseUrl });
  const utils = await makeWorkerUtils({
    connectionString: databaseUrl,
    logger: SILENT,
  });
  return {
    async publish(events) {
      const positions = (await store.publish(events)).map(({ position }) => position);
      const jobs = await store.database.query<RecordedJob>({ name: "jobs", text: JOBS, values: [positions] });
      await utils.addJobs(jobs.map((payload) => ({ identifier: "deliver", payload })));
    },
    async close() {
      await utils.release();
      await store.close();
    },
  };
}

// A job holds all of its event, so that its worker need not read it.
const JOBS = `
  select d.id::text as id, d.target_id as "targetId", d.execution_id as "executionId", e.type as "eventType", e.aggregate_type as "aggregateType", e.aggregate_id as "aggregateId",
    e.sequence::text as sequence, e.creator, e.resource_owner as "resourceOwner", e.version, e.depth, e.created_at as "createdAt", e.payload::text as payload
  from interpose.deliveries d join interpose.events e on e.position = d.event_position
  where d.event_position = any ($1::bigint[]) order by d.id`;
