import type { JsonObject } from "@interpose/engine";
import type { Transaction } from "../database.ts";
import type { Details } from "../records.ts";

/** A function to store. */
export interface FunctionToStore {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonObject | null;
  readonly replySchema: JsonObject | null;
}

/** Writes a function, as of its newest event. */
export async function upsertFunction(
  tx: Transaction,
  instanceId: string,
  { name, description, inputSchema, replySchema }: FunctionToStore,
  { sequence, changedAt }: Details,
): Promise<void> {
  const json = (schema: JsonObject | null): string | null => (schema === null ? null : JSON.stringify(schema));
  await tx.query({
    name: "upsert-function",
    text: `insert into interpose.functions (instance_id, name, description, input_schema, reply_schema, sequence, changed_at, created_at)
           values ($1, $2, $3, $4, $5, $6, $7, $7)
           on conflict (instance_id, name) do update set description = excluded.description, input_schema = excluded.input_schema,
             reply_schema = excluded.reply_schema, sequence = excluded.sequence, changed_at = excluded.changed_at`,
    values: [instanceId, name, description, json(inputSchema), json(replySchema), sequence, changedAt],
  });
}
