import type { Queryable } from "../database.ts";
import { FUNCTION_COLUMNS, type FunctionRow } from "./function-row.ts";

/** All stored functions, by name. */
export function listFunctions(db: Queryable, instanceId: string): Promise<readonly FunctionRow[]> {
  return db.query<FunctionRow>({
    name: "list-functions",
    text: `select ${FUNCTION_COLUMNS} from interpose.functions where instance_id = $1 order by name collate "C"`,
    values: [instanceId],
  });
}
