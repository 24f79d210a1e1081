import { nameKey } from "../store/sql/target-row.ts";
import type { AppliedRow } from "../store/sql/select-applied.ts";
import type { DesiredState } from "./document.ts";
import { textOf, type CurrentExecution, type CurrentThing, type DesiredThing, type ThingKind } from "./things.ts";

/** Everything that there is, whoever owns it. */
export interface CurrentState {
  readonly targets: readonly CurrentThing[];
  readonly executions: readonly CurrentExecution[];
  readonly functions: readonly CurrentThing[];
  readonly eventTypes: readonly CurrentThing[];
  /** What documents own, or owned before others deleted it. */
  readonly applied: readonly AppliedRow[];
}

/** A thing of the document, with the one that there is, and the row by which the document owns that. */
export interface Pair {
  readonly desired: DesiredThing;
  readonly current: CurrentThing | undefined;
  /** Of one that is not there: by which the document owned what others deleted. */
  readonly own: AppliedRow | undefined;
  /** Name of the document that owns what there is. */
  readonly owner: string | undefined;
}

/** All things that there are. */
export function thingsOf({ targets, executions, functions, eventTypes }: CurrentState): readonly CurrentThing[] {
  return [...targets, ...executions, ...functions, ...eventTypes];
}

/** By what a thing is found among all. */
export function placeOf({ kind, id }: { readonly kind: ThingKind; readonly id: string }): string {
  return `${kind} ${id}`;
}

/** By what each thing is owned. A row whose thing was deleted, or deleted and made anew, owns nothing. */
export function ownersOf(current: CurrentState): ReadonlyMap<string, AppliedRow> {
  const made = new Map(thingsOf(current).map((each) => [placeOf(each), each.madeAt.getTime()]));
  return new Map(
    current.applied.filter((row) => made.get(placeOf(row)) === row.madeAt.getTime()).map((row) => [placeOf(row), row]),
  );
}

/**
 * Finds what there is of each thing that a document names. A target that others gave another name is still the one that the document made, as long as nothing else has the name: it gets its
 * name back, rather than being deleted with its keys and deliveries.
 */
export function pairsOf(
  { document, things }: DesiredState,
  current: CurrentState,
  owners: ReadonlyMap<string, AppliedRow>,
): readonly Pair[] {
  const byKey = new Map<string, CurrentThing>();
  for (const each of thingsOf(current)) byKey.set(`${each.kind} ${each.key}`, each);
  const found = new Map(things.map((each) => [each, byKey.get(`${each.kind} ${each.key}`)]));
  const taken = new Set(found.values());
  const rows = new Map(current.applied.filter((row) => row.document === document).map((row) => [lastKeyOf(row), row]));
  const renamed = new Map(
    current.targets.filter((target) => !taken.has(target)).map((target) => [placeOf(target), target]),
  );
  return things.map((desired) => {
    const row = rows.get(`${desired.kind} ${desired.key}`);
    const there = found.get(desired) ?? (row && owners.has(placeOf(row)) ? renamed.get(placeOf(row)) : undefined);
    const owner = there && owners.get(placeOf(there));
    const own = owner?.document === document ? owner : there ? undefined : row;
    return { desired, current: there, own, owner: owner?.document };
  });
}

/** What a row's thing was named by when its document was applied last. */
function lastKeyOf({ kind, id, fields }: AppliedRow): string {
  return `${kind} ${kind === "target" ? nameKey(textOf(fields, "name")) : id}`;
}
