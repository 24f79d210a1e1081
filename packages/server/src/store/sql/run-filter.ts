/** Which runs are meant: those that fulfil all that is given. */
export interface RunFilter {
  readonly side?: "request" | "response" | "function" | undefined;
  readonly method?: string | undefined;
  readonly executionId?: string | undefined;
  /** One of its calls was of this target. */
  readonly targetId?: string | undefined;
  readonly outcome?: "passed" | "changed" | "refused" | undefined;
  readonly failedOnly?: boolean | undefined;
  /** The smallest id, and the one behind the largest. */
  readonly from?: bigint | undefined;
  readonly before?: bigint | undefined;
}

/** What must hold of a run `r`, as SQL. What few runs fulfil is written out, so that PostgreSQL sees which of its partial indexes serve. `parameter` takes a value and answers its name. */
export function runConditions(instanceId: string, filter: RunFilter, parameter: (value: unknown) => string): string {
  const { side, method, executionId, targetId, outcome, failedOnly, from, before } = filter;
  const instance = parameter(instanceId);
  const where = [`r.instance_id = ${instance}`];
  const add = (comparison: string, value: unknown): void => {
    if (value !== undefined) where.push(`${comparison} ${parameter(value)}`);
  };
  add("r.side =", side);
  add("r.method =", method);
  add("r.execution_id =", executionId);
  if (outcome !== undefined) where.push(`r.outcome = '${outcome}'`);
  if (failedOnly) where.push("r.failed_calls > 0");
  add("r.id >=", from);
  add("r.id <", before);
  if (targetId !== undefined)
    where.push(
      `exists (select from interpose.run_calls c where c.instance_id = ${instance} and c.target_id = ${parameter(targetId)} and c.run_id = r.id)`,
    );
  return where.join(" and ");
}
