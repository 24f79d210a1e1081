import { createInstanceKey, type NewInstanceKey } from "../keys/instance-keys.ts";
import { SERVED_AFTER_MS } from "../keys/book.ts";
import { insertInstanceKey } from "../store/sql/insert-instance-key.ts";
import { retireInstanceKey } from "../store/sql/retire-instance-key.ts";
import { selectNewestInstanceKey } from "../store/sql/select-newest-instance-key.ts";
import { appendOne, readerOf, write, type KeyContext, type Write } from "./context.ts";

/** How long a key is served before it signs, so that those who verify have it by then. More than its document may be kept (`listener/pages.ts`), and the clocks of servers may differ. */
export const SERVED_BEFORE_MS = 15 * 60_000;

/** Makes the key by which the instance signs payloads, where there is none. */
export async function ensureInstanceKey(context: KeyContext): Promise<void> {
  if (await selectNewestInstanceKey(readerOf(context), context.instanceId)) return;
  const key = await createInstanceKey(context.vault, context.instanceId, context.newId());
  await write(context, async (command) => {
    // Another server may have been faster.
    if (await selectNewestInstanceKey(command.tx, context.instanceId)) return;
    await add(command, context.instanceId, key);
  });
}

/**
 * Makes a new key where the newest one is older than `afterMs`. It signs from `SERVED_BEFORE_MS` on; until then the one before does. That one stays in
 * the public keys for `SERVED_AFTER_MS` more. Answers whether there is a new one.
 */
export async function rotateInstanceKey(context: KeyContext, afterMs: number): Promise<boolean> {
  const isOld = async (db: Parameters<typeof selectNewestInstanceKey>[0]): Promise<boolean> => {
    const newest = await selectNewestInstanceKey(db, context.instanceId);
    return newest !== undefined && Date.now() - newest.createdAt.getTime() >= afterMs;
  };
  if (!(await isOld(context.database))) return false;
  const key = await createInstanceKey(context.vault, context.instanceId, context.newId());
  return write(context, async (command) => {
    if (!(await isOld(command.tx))) return false;
    await add(command, context.instanceId, key);
    return true;
  });
}

async function add(command: Write, instanceId: string, key: NewInstanceKey): Promise<void> {
  const { changedAt } = await appendOne(command, {
    aggregateType: "instance_key",
    aggregateId: key.id,
    type: "instance_key.added",
    payload: { algorithm: "RS256" },
  });
  const at = new Date(changedAt.getTime() + SERVED_BEFORE_MS);
  await retireInstanceKey(command.tx, instanceId, { at, before: new Date(changedAt.getTime() - SERVED_AFTER_MS) });
  await insertInstanceKey(command.tx, instanceId, { ...key, createdAt: changedAt });
}
