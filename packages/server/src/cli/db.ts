import type { Command } from "commander";
import type { CommandTools } from "./command-tools.ts";

/** Adds `db status|migrate|stop|rotate-master-key`. */
export function addDb(db: Command, toolsOf: (command: Command) => CommandTools): void {
  db.description("look after the database");
  const add = (name: string, description: string): Command =>
    db
      .command(name)
      .description(description)
      .option("--config <file>", "settings file (INTERPOSE_CONFIG; default interpose.yaml, if there is one)")
      .option("--json", "print one JSON document");

  add("status", "show which database is used, and how it stands to this program").action(
    async (_options: unknown, command: Command) => {
      const { output, settings } = toolsOf(command);
      const { databaseStatus } = await import("./db-work.ts");
      const status = await databaseStatus(settings());
      output.answer(status, () =>
        [
          `Store       ${status.store}`,
          ...(status.embedded
            ? [
                `PostgreSQL  ${status.embedded.pid === undefined ? "not running" : `running (pid ${status.embedded.pid})`}`,
                `Owner       ${status.embedded.owner ?? "nobody"}`,
              ]
            : []),
          status.migrations
            ? `Migrations  ${status.migrations.applied} of ${status.migrations.known} applied${status.migrations.pending.length > 0 ? `; to come: ${status.migrations.pending.join(", ")}` : ""}`
            : `Migrations  unknown: ${status.embedded?.pid === undefined ? "PostgreSQL does not run" : "PostgreSQL was left behind by a server that was killed; db stop stops it"}`,
        ].join("\n"),
      );
    },
  );

  add("migrate", "bring the database up to date; serve does the same at its start").action(
    async (_options: unknown, command: Command) => {
      const { output, settings } = toolsOf(command);
      const { migrateDatabase } = await import("./db-work.ts");
      const status = await migrateDatabase(settings());
      output.answer(status, () => `The database is up to date: ${status.applied} of ${status.known} migrations.`);
    },
  );

  add("stop", "stop an embedded PostgreSQL that was left behind").action(
    async (_options: unknown, command: Command) => {
      const { output, settings } = toolsOf(command);
      const { stopEmbedded } = await import("../store/embedded/index.ts");
      const { dataDir } = settings();
      const stopped = await stopEmbedded(dataDir);
      output.answer({ stopped }, () =>
        stopped ? `Stopped the PostgreSQL in ${dataDir}.` : `No PostgreSQL runs in ${dataDir}.`,
      );
    },
  );

  add("rotate-master-key", "seal all stored secrets anew with the current master key; docs/keys.md has the steps")
    .option("--drop-unreadable", "forget secrets that were sealed with a key that is lost; stop all servers before")
    .action(async ({ dropUnreadable = false }: { dropUnreadable?: boolean }, command: Command) => {
      const { output, settings } = toolsOf(command);
      const { rotateMasterKey } = await import("./db-work.ts");
      const done = await rotateMasterKey(settings(), { dropsUnreadable: dropUnreadable });
      output.answer(done, () =>
        [
          `Sealed ${done.resealed} secrets anew: all have the master key ${done.keyId} now.`,
          ...(done.dropped > 0 ? [`Forgot ${done.dropped} secrets that could not be opened.`] : []),
        ].join("\n"),
      );
    });
}
