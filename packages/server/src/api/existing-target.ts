import { InterposeError } from "@interpose/engine";
import type { Queryable } from "../store/database.ts";
import type { StoredTarget } from "../store/records.ts";
import { selectTarget } from "../store/sql/select-target.ts";

/** The target of an id. Throws `target_not_found`. */
export async function existingTarget(db: Queryable, instanceId: string, id: string): Promise<StoredTarget> {
  const target = await selectTarget(db, instanceId, id);
  if (target) return target;
  throw new InterposeError("target_not_found", `There is no target "${id}". List the targets to see their ids.`, {
    id: "QUERY-hj5oaniyrz",
    key: "Errors.Target.NotFound",
  });
}
