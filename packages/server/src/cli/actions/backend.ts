import type { JsonObject } from "@interpose/engine";
import type { Change } from "../../actions/changes.ts";
import type { Conflict, PlanOptions } from "../../actions/plan.ts";

/** What `plan`, `apply` and `export` do, against a server or straight in the store. */
export interface ActionsBackend {
  planActions(document: JsonObject, options: PlanOptions): Promise<PlannedActions>;
  /** Makes the changes of the plan with this fingerprint, or throws where there is another one by now. */
  applyActions(document: JsonObject, options: PlanOptions, fingerprint: string): Promise<void>;
  /** Undefined: whoever owns it. */
  exportActions(ownedBy: string | undefined): Promise<JsonObject>;
}

/** A change as it is shown. */
export type PlannedChange = Omit<Change, "id" | "desired">;

/** What applying a document would change. */
export interface PlannedActions {
  readonly changes: readonly PlannedChange[];
  readonly conflicts: readonly Conflict[];
  readonly fingerprint: string;
}
