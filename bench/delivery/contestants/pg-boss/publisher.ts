import { PgBoss } from "pg-boss";
import { jobOf, type Publisher, type PublisherOptions } from "../publisher.ts";
import { QUEUE } from "./queue.ts";

/** Publishes by inserting jobs, a batch in one statement. */
export async function createBossPublisher({ databaseUrl, endpoints }: PublisherOptions): Promise<Publisher> {
  const boss = new PgBoss({ connectionString: databaseUrl, supervise: false, schedule: false });
  await boss.start();
  return {
    async publish(events) {
      await boss.insert(
        QUEUE.name,
        events.map((event) => ({ data: jobOf(event, endpoints) })),
      );
    },
    close: () => boss.stop(),
  };
}
