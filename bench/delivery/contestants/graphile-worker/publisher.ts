import { makeWorkerUtils } from "graphile-worker";
import { jobOf, type Publisher, type PublisherOptions } from "../publisher.ts";
import { SILENT } from "./preset.ts";

/** Publishes by adding jobs, a batch in one statement. */
export async function createGraphilePublisher({ databaseUrl, endpoints }: PublisherOptions): Promise<Publisher> {
  const utils = await makeWorkerUtils({
    connectionString: databaseUrl,
    logger: SILENT,
  });
  return {
    async publish(events) {
      await utils.addJobs(events.map((event) => ({ identifier: "deliver", payload: jobOf(event, endpoints) })));
    },
    close: async () => utils.release(),
  };
}
