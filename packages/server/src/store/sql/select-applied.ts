import type { JsonObject } from "@interpose/engine";
import type { Queryable } from "../database.ts";

/** A row of `applied`: what a document owns, or owned before others deleted it. */
export interface AppliedRow {
  readonly kind: "target" | "execution" | "function" | "eventType";
  readonly id: string;
  /** Name of the document. */
  readonly document: string;
  /** When the thing was made that it owns. */
  readonly madeAt: Date;
  /** What the document gave it. */
  readonly fields: JsonObject;
}

/** What all documents own, by id. */
export function selectApplied(db: Queryable, instanceId: string): Promise<readonly AppliedRow[]> {
  return db.query<AppliedRow>({
    name: "select-applied",
    text: `select kind, id, document, made_at as "madeAt", fields from interpose.applied
           where instance_id = $1 order by kind, id collate "C"`,
    values: [instanceId],
  });
}
