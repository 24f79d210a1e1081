import type { Transaction } from "../database.ts";

/** Answers the oldest instance's id. When there is none, creates one with the given id, and says so. */
export async function ensureInstance(
  tx: Transaction,
  newId: string,
): Promise<{ readonly id: string; readonly created: boolean }> {
  // Two first starts at once must not make two instances.
  await tx.query({ text: "lock table interpose.instances in share row exclusive mode", values: [] });
  const [existing] = await tx.query<{ id: string }>({
    text: "select id from interpose.instances order by created_at, id limit 1",
    values: [],
  });
  if (existing) return { id: existing.id, created: false };
  await tx.query({ text: "insert into interpose.instances (id) values ($1)", values: [newId] });
  return { id: newId, created: true };
}
