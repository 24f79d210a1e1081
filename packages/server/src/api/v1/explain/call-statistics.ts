/** How calls of a target went, as far as they are on record. */
export interface TargetCalls {
  readonly calls: number;
  readonly failed: number;
  /** Time of a call in the middle. Undefined: there was none that was waited for. */
  readonly p50Ms?: number | undefined;
  /** Why the last one that failed did. Undefined: none did. */
  readonly lastFailure?: string | undefined;
}

/** Answers how calls of some targets went within the last hour, by the target's id. Targets without any are left out. */
export type CallStatistics = (
  instanceId: string,
  targetIds: readonly string[],
) => Promise<ReadonlyMap<string, TargetCalls>>;
