import assert from "node:assert/strict";
import { compileSnapshot, executionsById, parseConditionId, type Condition, type Snapshot } from "@interpose/engine";
import { permissionsOfRole } from "../../src/access/permissions.ts";
import type { KeyContext } from "../../src/commands/context.ts";
import { createTarget } from "../../src/commands/create-target.ts";
import { newId } from "../../src/ids.ts";
import { createVault } from "../../src/keys/vault.ts";
import { startLiveRouter, type LiveRouter } from "../../src/router/live-router.ts";
import type { Database } from "../../src/store/database.ts";
import { loadSnapshot } from "../../src/store/sql/load-snapshot.ts";
import { readRevision } from "../../src/store/sql/read-revision.ts";
import { cleanUp, type Cleanup } from "./cleanup.ts";
import { eventually } from "./eventually.ts";

/** Longer than any test: what is known sooner was not found by polling. */
export const NEVER_MS = 3_600_000;

/** Ids of conditions that meet. */
export const CONDITIONS = [
  "request",
  "request/a.A",
  "request/a.A/One",
  "response",
  "function/f",
  "event",
  "event/u.*",
  "event/u.x",
];

/** What seals in tests that start no server. */
export const TEST_VAULT = createVault([new Uint8Array(32).fill(7)]);

/** A condition by its id. */
export function condition(id: string): Condition {
  return parseConditionId(id) ?? assert.fail(id);
}

/** A new instance, with nothing in it. */
export async function newInstance(database: Database): Promise<string> {
  const id = newId();
  await database.query({ text: "insert into interpose.instances (id) values ($1)", values: [id] });
  return id;
}

/** Starts a router that must never fail to load. It is stopped after the test. */
export async function openRouter(
  t: Cleanup,
  database: Database,
  instanceId: string,
  pollMs = NEVER_MS,
): Promise<LiveRouter> {
  const router = await startLiveRouter(database, instanceId, {
    pollMs,
    onError: (error) => assert.fail(String(error)),
  });
  cleanUp(t, () => router.stop());
  return router;
}

/** Commands as they are given on the node of a router; without one, on a node that has none. */
export function contextOf(database: Database, instanceId: string, router?: LiveRouter): KeyContext {
  const committed = router ? router.catchUp : () => Promise.resolve();
  return {
    database,
    instanceId,
    creator: "test",
    permissions: permissionsOfRole("admin"),
    newId,
    vault: TEST_VAULT,
    committed,
    snapshot: router?.current,
    depth: 0,
    maxRunDepth: 5,
  };
}

let targets = 0;

/** Creates a target. */
export async function newTarget(context: KeyContext): Promise<string> {
  const target = { name: `target ${++targets}`, endpoint: "https://example.com" };
  const calling = { type: "webhook", timeoutMs: 1_000, interruptOnError: true, dialect: "v3alpha" } as const;
  return (await createTarget(context, { ...target, ...calling })).id;
}

/** What a snapshot says, without what tells it from every other one. */
export function contentOf({ identity: _identity, ...content }: Snapshot): Omit<Snapshot, "identity"> {
  return content;
}

/** Checks that a router has what one that starts now would have. */
export async function checkCurrent(database: Database, instanceId: string, router: LiveRouter): Promise<void> {
  assert.deepEqual(contentOf(router.current()), contentOf(await freshSnapshot(database, instanceId)));
}

async function freshSnapshot(database: Database, instanceId: string): Promise<Snapshot> {
  const loaded = await loadSnapshot(database, instanceId);
  return compileSnapshot({
    targets: new Map(loaded.targets.map((target) => [target.id, target])),
    executions: executionsById(loaded.executions),
    revision: loaded.revision,
  });
}

/** Waits until a router has what the store has. */
export async function current(database: Database, instanceId: string, router: LiveRouter): Promise<void> {
  const { revision } = await readRevision(database, instanceId);
  await eventually(`revision ${revision}`, () => router.current().revision >= revision);
  await checkCurrent(database, instanceId, router);
}
