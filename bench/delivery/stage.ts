import type { Teardown } from "../../packages/server/src/assembly/teardown.ts";
import { createDatabase, type Database } from "../../packages/server/src/store/database.ts";
import { startTcpPostgres } from "../../packages/server/test/harness/tcp-postgres.ts";
import { startChild, type Child } from "../harness/child.ts";
import { cpuOfFamily } from "../harness/cpu.ts";
import type { Sizes } from "./cases.ts";
import type { PublisherOptions } from "./contestants/publisher.ts";
import type { PublishAnswers, Way } from "./publish.ts";
import type { Behaviour, ReceiverAnswers } from "./receiver.ts";

/** What all contestants share: one PostgreSQL, and the processes that receive what they deliver. */
export interface Stage {
  readonly receiver: Child<ReceiverAnswers>;
  /** Receives for the slow target and the one with a backlog: else those that are well would wait for what comes to these, in the process of the targets. */
  readonly receiverOfUnwell: Child<ReceiverAnswers>;
  /** Endpoints of targets, numbered from 0. */
  endpoints(behaviour: Behaviour, count: number): readonly string[];
  /** Makes an empty database, and answers its URL. */
  createDatabase(): Promise<string>;
  /** Takes statistics of what is in a database, so that plans do not depend on when PostgreSQL does so by itself. */
  analyze(url: string): Promise<void>;
  /** Drops a database, and writes what is left to be written, so that what comes next begins as this did. */
  dropDatabase(url: string): Promise<void>;
  /** Starts a process that publishes. */
  startPublisher(way: Way, options: PublisherOptions): Promise<Child<PublishAnswers>>;
  /** CPU time that PostgreSQL has used, in microseconds. Not a number where there is no proc(5). */
  postgresCpuMicroseconds(): number;
  /** Waits until the receiver has so many events. */
  received(behaviour: Behaviour, events: number): Promise<void>;
}

/** Longest time in which nothing comes that still will. */
const SILENCE_MS = 30_000;

/** Sets the stage. Everything ends with the benchmark, at the latest. */
export async function setStage(teardown: Teardown, { logMegabytes }: Pick<Sizes, "logMegabytes">): Promise<Stage> {
  const postgres = await startTcpPostgres({ isDurable: true });
  const receiver = startChild<ReceiverAnswers>(teardown, new URL("./receiver.ts", import.meta.url));
  const receiverOfUnwell = startChild<ReceiverAnswers>(teardown, new URL("./receiver.ts", import.meta.url));
  const [url, urlOfUnwell] = await Promise.all(
    [receiver, receiverOfUnwell].map((child) => child.ask("url", undefined)),
  );
  let databases = 0;

  async function command(...texts: readonly string[]): Promise<void> {
    await within(createDatabase(postgres.connection, { maxConnections: 1 }), ...texts);
  }

  async function within(database: Database, ...texts: readonly string[]): Promise<void> {
    try {
      for (const text of texts) await database.query({ text, values: [] });
    } finally {
      await database.close();
    }
  }

  // A PostgreSQL that has run for some time has files for its log, and need not make a new one while commits wait.
  await command(
    `select pg_logical_emit_message(false, 'bench', repeat(' ', 1000000)) from generate_series(1, ${logMegabytes})`,
    "checkpoint",
  );
  return {
    receiver,
    receiverOfUnwell,
    endpoints(behaviour, count) {
      const isUnwell = behaviour === "slow" || behaviour === "backlog";
      return Array.from({ length: count }, (_, i) => `${isUnwell ? urlOfUnwell : url}/${behaviour}/${i}`);
    },
    async createDatabase() {
      const name = `bench${++databases}`;
      await command(`create database ${name}`);
      return postgres.urlOf(name);
    },
    analyze: (url) => within(createDatabase({ url }, { maxConnections: 1 }), "analyze"),
    dropDatabase: (database) =>
      command(`drop database ${new URL(database).pathname.slice(1)} with (force)`, "checkpoint"),
    async startPublisher(way, options) {
      const publisher = startChild<PublishAnswers>(teardown, new URL("./publish.ts", import.meta.url));
      await publisher.ask("open", { way, options });
      return publisher;
    },
    postgresCpuMicroseconds: () => cpuOfFamily(postgres.pid()),
    async received(behaviour, events) {
      let [most, since] = [0, performance.now()];
      for (;;) {
        const count = await receiver.ask("count", behaviour);
        if (count >= events) return;
        if (count > most) [most, since] = [count, performance.now()];
        if (performance.now() - since > SILENCE_MS)
          throw new Error(`only ${count} of ${events} events have come, and nothing for ${SILENCE_MS / 1_000} s`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  };
}
