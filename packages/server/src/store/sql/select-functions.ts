import type { Queryable } from "../database.ts";
import { FUNCTION_COLUMNS, type FunctionRow } from "./function-row.ts";

/** The stored functions of the given names, in no order. */
export function selectFunctions(
  db: Queryable,
  instanceId: string,
  names: readonly string[],
): Promise<readonly FunctionRow[]> {
  return db.query<FunctionRow>({
    name: "select-functions",
    text: `select ${FUNCTION_COLUMNS} from interpose.functions where instance_id = $1 and name = any ($2)`,
    values: [instanceId, names],
  });
}
