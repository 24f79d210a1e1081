import type { Execution } from "@interpose/engine";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Teardown } from "../../../../packages/server/src/assembly/teardown.ts";
import type { KeyContext } from "../../../../packages/server/src/commands/context.ts";
import { createTarget } from "../../../../packages/server/src/commands/create-target.ts";
import { createDatabase } from "../../../../packages/server/src/store/database.ts";
import { TARGET } from "../../../harness/executions.ts";
import { startServer, type Server } from "../../../harness/server.ts";
import { prepareDatabase, setExecutions } from "../../../harness/store.ts";
import { eventTypeOf, RETRY_DELAY_MS } from "../../cases.ts";
import type { Contestant } from "../contestant.ts";

/** Interpose: `interpose serve` with its defaults, and for each target an execution on its own type of event. */
export const interpose: Contestant = {
  name: "Interpose",
  publishing: { one: "Interpose", many: "Interpose, in process" },
  async setUp(databaseUrl, endpoints) {
    const database = createDatabase({ url: databaseUrl });
    try {
      await setUpTargets(await prepareDatabase(database), endpoints);
    } finally {
      await database.close();
    }
  },
  async startWorkers(teardown, databaseUrl, count) {
    const servers = await Promise.all(Array.from({ length: count }, () => startOn(teardown, databaseUrl)));
    return {
      urls: servers.map(({ url }) => url),
      async cpuMicroseconds() {
        const used = await Promise.all(servers.map((server) => server.cpuMicroseconds()));
        return used.reduce((sum, cpu) => sum + cpu, 0);
      },
      async stop() {
        await Promise.all(servers.map((server) => server.stop()));
      },
    };
  },
};

/** Creates targets, and for each the execution that tells it of its own type of event. Answers their ids. */
export async function setUpTargets(context: KeyContext, endpoints: readonly string[]): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const [i, endpoint] of endpoints.entries()) ids.push(await addTarget(context, `target ${i}`, endpoint));
  await setExecutions(context, ids.map(executionOn));
  return ids;
}

/** Creates one target, and a number of executions that tell it of different types of events. Answers its id. */
export async function setUpExecutions(context: KeyContext, executions: number): Promise<string> {
  const id = await addTarget(context, "target", TARGET.endpoint);
  await setExecutions(
    context,
    Array.from({ length: executions }, (_, i) => executionOn(id, i)),
  );
  return id;
}

async function addTarget(context: KeyContext, name: string, endpoint: string): Promise<string> {
  const retryDelaysMs = Array.from({ length: 10 }, () => RETRY_DELAY_MS);
  const target = { ...TARGET, name, endpoint, timeoutMs: 10_000, delivery: { retryDelaysMs } };
  return (await createTarget(context, target)).id;
}

function executionOn(target: string, number: number): Execution {
  const type = eventTypeOf(number);
  return { condition: { kind: "event", match: { kind: "type", type } }, entries: [{ target }] };
}

async function startOn(teardown: Teardown, databaseUrl: string): Promise<Server> {
  const directory = await mkdtemp(join(tmpdir(), "interpose-bench-delivery-"));
  teardown.add("a directory", () => rm(directory, { recursive: true, force: true }));
  return startServer(teardown, directory, {
    isLaunched: true,
    env: { INTERPOSE_DATABASE_URL: databaseUrl, INTERPOSE_EGRESS_ALLOW: "127.0.0.0/8" },
  });
}
