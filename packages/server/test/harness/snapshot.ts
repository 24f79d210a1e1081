import assert from "node:assert/strict";
import {
  compileSnapshot,
  executionsById,
  parseConditionId,
  type ExecutionOptions,
  type Snapshot,
  type Target,
} from "@interpose/engine";

/** A snapshot in which each condition calls one target. All executions have the same options. */
export function snapshotOf(
  entries: Readonly<Record<string, Partial<Target> & { readonly endpoint: string }>>,
  options?: ExecutionOptions,
): Snapshot {
  const targets = new Map<string, Target>();
  const executions = Object.entries(entries).map(([id, given], i) => {
    const target: Target = {
      id: String(i),
      name: `target ${i}`,
      type: "call",
      timeoutMs: 5_000,
      interruptOnError: true,
      dialect: "v2",
      ...given,
    };
    targets.set(target.id, target);
    return { condition: parseConditionId(id) ?? assert.fail(id), entries: [{ target: target.id }], options };
  });
  return compileSnapshot({ revision: 1n, targets, executions: executionsById(executions) });
}
