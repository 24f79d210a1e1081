import type { JsonObject } from "@interpose/engine";

/** The columns of a function, under the names of `FunctionRow`. */
export const FUNCTION_COLUMNS = `name, description, input_schema as "inputSchema", reply_schema as "replySchema", sequence,
  created_at as "createdAt", changed_at as "changedAt"`;

/** A function that was declared over the API, as it is stored. */
export interface FunctionRow {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonObject | null;
  readonly replySchema: JsonObject | null;
  /** Of its last event. */
  readonly sequence: bigint;
  readonly createdAt: Date;
  readonly changedAt: Date;
}
