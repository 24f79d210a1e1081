/** Which events of an instance are followed. What is undefined or empty is no condition. */
export interface LogFilter {
  /** Types, such as `user.added`. With `groups`: one of either. */
  readonly types: readonly string[];
  /** Groups of types, such as `user`. */
  readonly groups: readonly string[];
  /** With a delivery to this target. */
  readonly targetId: string | undefined;
  /** With a delivery by this execution. */
  readonly executionId: string | undefined;
  /** Types of aggregates whose events are left out. */
  readonly without: readonly string[];
}

/** The filter as a condition on `interpose.events e`; `parameter` takes values, and answers how they are written. */
export function logCondition(
  instanceId: string,
  { types, groups, targetId, executionId, without }: LogFilter,
  parameter: (value: unknown) => string,
): string {
  const conditions = [`e.instance_id = ${parameter(instanceId)}`];
  if (types.length + groups.length > 0) {
    const isInGroup = `exists (select from unnest(${parameter(groups)}::text[]) as g where starts_with(e.type, g || '.'))`;
    conditions.push(`(e.type = any (${parameter(types)}::text[]) or ${isInGroup})`);
  }
  if (without.length > 0) conditions.push(`e.aggregate_type <> all (${parameter(without)}::text[])`);
  if (targetId !== undefined || executionId !== undefined) {
    const ofTarget = targetId === undefined ? "" : `and d.target_id = ${parameter(targetId)}`;
    const ofExecution = executionId === undefined ? "" : `and d.execution_id = ${parameter(executionId)}`;
    conditions.push(
      `exists (select from interpose.deliveries d where d.event_position = e.position ${ofTarget} ${ofExecution})`,
    );
  }
  return conditions.join(" and ");
}
