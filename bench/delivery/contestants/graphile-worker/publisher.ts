import { Logger, makeWorkerUtils } from "graphile-worker";
import { jobOf, type Publisher, type PublisherOptions } from "../publisher.ts";

/** Publishes by adding jobs, a batch in one statement. */
export async function createGraphilePublisher({ databaseUrl, endpoints }: PublisherOptions): Promise<Publisher> {
  const utils = await makeWorkerUtils({
    connectionString: databaseUrl,
    logger: new Logger(() => () => undefined),
  });
  return {
    async publish(events) {
      await utils.addJobs(events.map((event) => ({ identifier: "deliver", payload: jobOf(event, endpoints) })));
    },
    close: async () => utils.release(),
  };
}
