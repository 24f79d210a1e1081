import { isDeepStrictEqual } from "node:util";
import { InterposeError, type JsonValue } from "@interpose/engine";
import { nameKey } from "../store/sql/target-row.ts";
import { changedFields, changeOf, deletionOf, inOrder, madeFields, type Change, type FieldChange } from "./changes.ts";
import type { DesiredState } from "./document.ts";
import { ownersOf, pairsOf, placeOf, thingsOf, type CurrentState, type Pair } from "./pairs.ts";
import {
  entryFields,
  namingFields,
  type CurrentExecution,
  type CurrentThing,
  type DesiredThing,
  type Fields,
  type ThingKind,
} from "./things.ts";

/** How a document is taken. */
export interface PlanOptions {
  /** Leave what the document owns and does not name any more. */
  readonly keepUnnamed: boolean;
  /** Take over what others made. */
  readonly adopt: boolean;
}

/** Something that stands against applying a document. */
export interface Conflict {
  readonly kind: ThingKind;
  readonly name: string;
  /** What is in the way, and what can be done. */
  readonly description: string;
  /** The fields in which it differs from the document. */
  readonly fields: readonly FieldChange[];
}

/** Something that a document owns after it was applied. */
export interface OwnedThing {
  readonly kind: ThingKind;
  readonly key: string;
  /** What the document gave it. */
  readonly fields: Fields;
}

/** What applying a document comes to. */
export interface ActionsPlan {
  /** Name of the document. */
  readonly document: string;
  /** In the order in which they are made. */
  readonly changes: readonly Change[];
  readonly conflicts: readonly Conflict[];
  /** What it names, and what it leaves although it does not name it any more. */
  readonly owned: readonly OwnedThing[];
}

/**
 * What must change so that everything is as a document says. What others made is never deleted, and changed only with `adopt`; what is as the document says already is left alone, whoever
 * made it. Throws `target_not_found` or `include_not_found` for an entry or a shadow that names what will not be there.
 */
export function planActions(desired: DesiredState, current: CurrentState, options: PlanOptions): ActionsPlan {
  const { document } = desired;
  const owners = ownersOf(current);
  const pairs = pairsOf(desired, current, owners);
  const isSettled = ({ current: there, owner }: Pair): boolean => !there || owner === document || options.adopt;
  const settled = pairs.filter(isSettled);
  const named = new Set(pairs.map((pair) => pair.current));
  const unnamed = thingsOf(current)
    .filter((thing) => owners.get(placeOf(thing))?.document === document && !named.has(thing))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const gone = new Set(options.keepUnnamed ? [] : unnamed);
  const after = stateAfter(current, settled, gone);

  const changes: Change[] = [];
  const conflicts: Conflict[] = [];
  const owned: OwnedThing[] = [];
  for (const pair of pairs) {
    const wanted = after.wanted(pair);
    const { kind, name, key, fields: given } = wanted;
    const fields = pair.current
      ? changedFields(after.fieldsOf(pair.current), given, {
          fields: after.seenOf(pair.current),
          applied: pair.own?.fields,
        })
      : madeFields(kind, given);
    if (!isSettled(pair)) {
      if (fields.length > 0) conflicts.push({ kind, name, description: ofOthers(pair), fields });
      continue;
    }
    owned.push({ kind, key, fields: given });
    const change = changeOf({ ...pair, desired: wanted }, document, fields);
    if (change) changes.push(change);
  }
  const settledThings = new Set(settled.map((pair) => pair.current));
  const others = current.executions.filter((each) => !settledThings.has(each) && !unnamed.includes(each));
  for (const thing of unnamed) {
    const { kind, key, name } = thing;
    const own = owners.get(placeOf(thing));
    if (!gone.has(thing)) {
      owned.push({ kind, key, fields: own?.fields ?? {} });
      continue;
    }
    changes.push(deletionOf(thing, { fields: after.seenOf(thing), applied: own?.fields }));
    const user = others.find((execution) => uses(execution, thing));
    if (user) conflicts.push({ kind, name, description: inUse(user), fields: [] });
  }
  return { document, changes: inOrder(changes), conflicts, owned };
}

/** How things are called when the changes are made. */
interface StateAfter {
  /** The fields of what there is, those of executions with their lists and shadows, in which targets are called as they will be. */
  fieldsOf(thing: CurrentThing): Fields;
  /** The same, with targets called as they are now. */
  seenOf(thing: CurrentThing): Fields;
  /** What a document wants, with its targets called by their names as these are spelled. Throws where one will not be there. */
  wanted(pair: Pair): DesiredThing;
}

function stateAfter(current: CurrentState, settled: readonly Pair[], gone: ReadonlySet<CurrentThing>): StateAfter {
  const namesNow = new Map(current.targets.map(({ id, name }) => [id, name]));
  const names = new Map(namesNow);
  const spelling = new Map<string, string>();
  for (const pair of settled)
    if (pair.desired.kind === "target" && pair.current) names.set(pair.current.id, pair.desired.name);
  for (const { id, name } of current.targets.filter((target) => !gone.has(target)))
    spelling.set(nameKey(names.get(id) ?? name), names.get(id) ?? name);
  for (const { desired } of settled) if (desired.kind === "target") spelling.set(desired.key, desired.name);
  const executions = new Set(current.executions.filter((each) => !gone.has(each)).map(({ id }) => id));
  for (const { desired } of settled) if (desired.kind === "execution") executions.add(desired.key);
  const goneIds = new Set([...gone].filter(({ kind }) => kind === "execution").map(({ id }) => id));

  const executionOf = new Map<CurrentThing, CurrentExecution>(current.executions.map((each) => [each, each]));
  const withNames = (thing: CurrentThing, called: ReadonlyMap<string, string>): Fields => {
    const execution = executionOf.get(thing);
    return execution ? { ...namingFields(execution, (id) => called.get(id) ?? id), ...thing.fields } : thing.fields;
  };
  const fieldsOf = (thing: CurrentThing): Fields => withNames(thing, names);
  /** How a target that an execution names will be spelled. */
  const spelled = (execution: DesiredThing, at: string, given: string): string => {
    const name = spelling.get(nameKey(given));
    if (name === undefined) throw missing(execution, at, "target_not_found", `target "${given}"`);
    return name;
  };
  return {
    fieldsOf,
    seenOf: (thing) => withNames(thing, namesNow),
    wanted({ desired, current: there }) {
      if (desired.kind !== "execution") return desired;
      const given = desired.fields.targets as readonly { readonly target?: string; readonly include?: string }[];
      const list = given.map((entry, i): JsonValue => {
        if (entry.target === undefined) return { include: entry.include ?? "" };
        return { target: spelled(desired, `targets[${i}]`, entry.target) };
      });
      const shadows = (desired.fields.shadowTargets as readonly string[]).map((name, i) =>
        spelled(desired, `shadowTargets[${i}]`, name),
      );
      const isAsBefore = there && isDeepStrictEqual(list, fieldsOf(there).targets);
      for (const [i, { include }] of given.entries()) {
        if (include === undefined || executions.has(include)) continue;
        // What is included may have been deleted by others: the entry stands for nothing then, and may stay.
        if (isAsBefore && !goneIds.has(include)) continue;
        throw missing(desired, `targets[${i}]`, "include_not_found", `execution "${include}" to include`);
      }
      return { ...desired, fields: { ...desired.fields, targets: list, shadowTargets: [...new Set(shadows)] } };
    },
  };
}

function missing(
  { name, place }: DesiredThing,
  at: string,
  reason: "target_not_found" | "include_not_found",
  what: string,
): InterposeError {
  const description = `there is no ${what}, or the document takes it away. Describe it in the document, or take it out of the list.`;
  const field = `document.${place}.${at}`;
  return new InterposeError(reason, `The execution "${name}", ${at}: ${description}`, {
    violations: [{ field, description }],
  });
}

function ofOthers({ owner }: Pair): string {
  const whose =
    owner === undefined ? "was not made by this document" : `is owned by the document "${owner}", and not by this one`;
  return `is there, differs, and ${whose}. Take it over with --adopt (options.adopt), or take it out of the document.`;
}

function inUse({ id }: CurrentExecution): string {
  return `would be deleted, and is used by the execution "${id}", which is not the document's. Take it out there, keep it in the document, or leave all such things with --no-prune (options.keepUnnamed).`;
}

function uses({ id, entries }: CurrentExecution, thing: CurrentThing): boolean {
  switch (thing.kind) {
    case "target":
      return entries.some((entry) => "target" in entry && entry.target === thing.id);
    case "execution":
      return entryFields(entries, String).some((entry) => isDeepStrictEqual(entry, { include: thing.id }));
    case "function":
      return id === `function/${thing.name}`;
    case "eventType":
      return false;
  }
}
