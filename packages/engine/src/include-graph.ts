import { conditionId, type Condition } from "./condition.ts";
import { InterposeError } from "./error.ts";
import type { Execution, ExecutionEntry } from "./execution.ts";

/** Most levels of includes, counting the execution that is called itself. */
export const MAX_INCLUDE_LEVELS = 3;

/** The stored executions that include others: their entries, by execution id. */
export type IncludeGraph = ReadonlyMap<string, readonly ExecutionEntry[]>;

/**
 * Refuses a list whose includes lead in a circle (`include_circular`), or that would make this execution, or any other that includes it,
 * more than three levels deep (`include_too_deep`, naming the one that would be). An include that is not stored counts as a level: it
 * may be stored again.
 */
export function checkIncludes(stored: IncludeGraph, condition: Condition, entries: readonly ExecutionEntry[]): void {
  checkAllIncludes(stored, [{ condition, entries }]);
}

/** The same for several lists that are set at once: what counts is what they lead to together. */
export function checkAllIncludes(stored: IncludeGraph, lists: readonly Execution[]): void {
  const graph = new Map([...stored].map(([id, list]) => [id, includeIds(list)]));
  for (const { condition, entries } of lists) graph.set(conditionId(condition), includeIds(entries));
  // Circles first: how deep a list is can be told only without any.
  for (const list of lists) refuseCircle(graph, list);
  for (const { condition } of lists) {
    const own = conditionId(condition);
    refuseDepth(graph, own, own, levelsBelow(graph, own), 1);
  }
}

function refuseCircle(graph: ReadonlyMap<string, readonly string[]>, { condition, entries }: Execution): void {
  const own = conditionId(condition);
  for (const [i, entry] of entries.entries()) {
    if ("include" in entry && conditionId(entry.include) === own) {
      throw circular(`targets[${i}] includes "${own}" in itself.`, "COMMAND-mo1cmjp5k7");
    }
  }
  const circle = findCircle(graph, own);
  if (circle) throw circular(`The includes lead in a circle: ${circle.join(" → ")}.`, "COMMAND-819opvhgjv");
}

function includeIds(entries: readonly ExecutionEntry[]): readonly string[] {
  return entries.flatMap((entry) => ("include" in entry ? [conditionId(entry.include)] : []));
}

function circular(what: string, id: string): InterposeError {
  return new InterposeError("include_circular", `${what} Take the include out that closes the circle.`, {
    id,
    key: "Errors.Execution.CircularInclude",
  });
}

/** A path from `start` back to something on it, if there is one. Each node is finished once, so diamonds cost nothing. */
function findCircle(graph: ReadonlyMap<string, readonly string[]>, start: string): readonly string[] | undefined {
  const finished = new Set<string>();
  const path: string[] = [];
  function visit(id: string): readonly string[] | undefined {
    const at = path.indexOf(id);
    if (at >= 0) return [...path.slice(at), id];
    if (finished.has(id)) return undefined;
    path.push(id);
    for (const next of graph.get(id) ?? []) {
      const circle = visit(next);
      if (circle) return circle;
    }
    path.pop();
    finished.add(id);
    return undefined;
  }
  return visit(start);
}

/** How many levels the tree below an execution has, itself included. The graph below it is free of circles. */
function levelsBelow(
  graph: ReadonlyMap<string, readonly string[]>,
  id: string,
  known = new Map<string, number>(),
): number {
  const before = known.get(id);
  if (before !== undefined) return before;
  const levels = 1 + Math.max(0, ...(graph.get(id) ?? []).map((next) => levelsBelow(graph, next, known)));
  known.set(id, levels);
  return levels;
}

/** Refuses when `at`, or an execution that includes it, has too many levels: `above` counts those from `at` upward. */
function refuseDepth(
  graph: ReadonlyMap<string, readonly string[]>,
  own: string,
  at: string,
  levels: number,
  above: number,
): void {
  if (above - 1 + levels > MAX_INCLUDE_LEVELS) {
    const who = at === own ? `"${own}" would have` : `"${at}" includes "${own}", and would have`;
    throw new InterposeError(
      "include_too_deep",
      `${who} ${above - 1 + levels} levels of includes; ${MAX_INCLUDE_LEVELS} are allowed, itself included. Name targets in place of includes.`,
      { id: "COMMAND-gbhd3g57oo", key: "Errors.Execution.MaxLevelsInclude" },
    );
  }
  for (const [id, includes] of graph) {
    // What is above `own` is at most three levels, unless it was refused already: this ends.
    if (id !== own && includes.includes(at)) refuseDepth(graph, own, id, levels, above + 1);
  }
}
