import type { Transaction } from "../database.ts";

/** Writes what an instance sends targets beside their payloads, sealed. Null: nothing. */
export async function updateInstanceOutbound(
  tx: Transaction,
  instanceId: string,
  sealed: Uint8Array | null,
): Promise<void> {
  await tx.query({
    text: "update interpose.instances set sealed_outbound = $2 where id = $1",
    values: [instanceId, sealed],
  });
}
