/** A run as it is written. Ids are decimal numbers. Names are those of the columns. */
export interface RunRow {
  readonly id: string;
  readonly side: "request" | "response" | "function";
  readonly method: string | undefined;
  readonly execution_id: string;
  readonly host: string;
  readonly user_id: string | undefined;
  readonly org_id: string | undefined;
  readonly project_id: string | undefined;
  readonly depth: number;
  readonly duration_ms: number;
  readonly outcome: "passed" | "changed" | "refused";
  readonly error_reason: string | undefined;
  readonly error_code: string | undefined;
  readonly error_text: string | undefined;
  readonly calls: number;
  readonly failed_calls: number;
}

/** A call of a run as it is written. */
export interface RunCallRow {
  readonly run_id: string;
  readonly place: number;
  readonly target_id: string;
  readonly target_name: string;
  readonly begin_ms: number;
  readonly duration_ms: number | undefined;
  readonly status: number | undefined;
  readonly effect: "none" | "changed" | "started" | "ignored" | "refused" | "shadow";
  readonly failure: string | undefined;
  readonly detail: string | undefined;
}

/** What came later of a call that its run did not wait for. */
export interface LateRow {
  readonly run_id: string;
  readonly place: number;
  readonly duration_ms: number;
  readonly status: number | undefined;
  readonly failure: string | undefined;
  readonly detail: string | undefined;
  /** Of a shadow: what it would have come to. */
  readonly shadow_effect: ShadowEffect | undefined;
  /** Of a shadow: whether the target beside it came to the same. */
  readonly is_same: boolean | undefined;
}

/** What a shadow would have come to, had it been called in earnest. */
export type ShadowEffect = Exclude<RunCallRow["effect"], "shadow">;

/** A run as it is read. */
export interface StoredRun {
  readonly id: bigint;
  readonly side: RunRow["side"];
  readonly method: string | null;
  readonly executionId: string;
  readonly host: string;
  readonly userId: string | null;
  readonly orgId: string | null;
  readonly projectId: string | null;
  readonly depth: number;
  readonly durationMs: number;
  readonly outcome: RunRow["outcome"];
  readonly errorReason: string | null;
  readonly errorCode: string | null;
  readonly errorText: string | null;
  readonly calls: number;
  readonly failedCalls: number;
}

/** Columns of a run `r`. */
export const RUN_COLUMNS = `r.id, r.side, r.method, r.execution_id as "executionId", r.host, r.user_id as "userId", r.org_id as "orgId", r.project_id as "projectId",
  r.depth, r.duration_ms as "durationMs", r.outcome, r.error_reason as "errorReason", r.error_code as "errorCode", r.error_text as "errorText",
  r.calls, r.failed_calls as "failedCalls"`;

/** A call as it is read. */
export interface StoredRunCall {
  readonly place: number;
  readonly targetId: string;
  readonly targetName: string;
  readonly beginMs: number;
  readonly durationMs: number | null;
  readonly status: number | null;
  readonly effect: RunCallRow["effect"];
  readonly failure: string | null;
  readonly detail: string | null;
  readonly shadowEffect: ShadowEffect | null;
  readonly isSame: boolean | null;
}
