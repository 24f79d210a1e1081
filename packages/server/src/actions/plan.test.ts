import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseConditionId, type ExecutionEntry } from "@interpose/engine";
import { documents } from "../../test/harness/actions-documents.ts";
import { nameKey } from "../store/sql/target-row.ts";
import type { Change } from "./changes.ts";
import { desiredState } from "./document.ts";
import { exportDocument } from "./export.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { ownersOf, placeOf, thingsOf, type CurrentState } from "./pairs.ts";
import { planActions, type ActionsPlan, type PlanOptions } from "./plan.ts";
import type { CurrentExecution, CurrentThing, Fields } from "./things.ts";

const EMPTY: CurrentState = { targets: [], executions: [], functions: [], eventTypes: [], applied: [] };
const USUAL: PlanOptions = { keepUnnamed: false, adopt: false };
const ADOPTING: PlanOptions = { keepUnnamed: false, adopt: true };
let made = 0;

/** What there is after a plan, by a model that knows no commands: each change must be possible when its turn comes. */
function after(state: CurrentState, { document, changes, owned }: ActionsPlan): CurrentState {
  const things = new Map<string, CurrentThing>(thingsOf(state).map((thing) => [`${thing.kind} ${thing.id}`, thing]));
  for (const change of changes) {
    const place = change.id === undefined ? undefined : `${change.kind} ${change.id}`;
    assert.equal(place === undefined, change.action === "create");
    if (place !== undefined) assert.ok(things.has(place), `${change.name} is there`);
    if (change.desired) {
      const thing = madeOf(change, place === undefined ? undefined : things.get(place), [...things.values()]);
      things.set(`${thing.kind} ${thing.id}`, thing);
    } else things.delete(place ?? "");
    if (change.kind === "target" && !change.desired) forgetShadow(things, change.id);
  }
  const all = [...things.values()];
  const executions = all.filter(isExecution);
  for (const { entries, shadows } of executions) {
    for (const entry of entries)
      assert.ok("include" in entry || things.has(`target ${entry.target}`), "no list names what is gone");
    for (const id of shadows) assert.ok(things.has(`target ${id}`), "no shadow is one that is gone");
  }
  return {
    targets: all.filter(({ kind }) => kind === "target"),
    executions,
    functions: all.filter(({ kind }) => kind === "function"),
    eventTypes: all.filter(({ kind }) => kind === "eventType"),
    applied: [
      ...state.applied.filter((row) => row.document !== document && !owned.some((each) => isOf(each, row, all))),
      ...owned.flatMap(({ kind, key, fields }) =>
        all
          .filter((thing) => thing.kind === kind && thing.key === key)
          .map(({ id, madeAt }) => ({ kind, id, document, madeAt, fields })),
      ),
    ],
  };
}

/** A target that is deleted is no shadow any more, whoever named it as one. */
function forgetShadow(things: Map<string, CurrentThing>, target: string | undefined): void {
  for (const [place, thing] of things)
    if (isExecution(thing))
      things.set(place, { ...thing, shadows: thing.shadows.filter((id) => id !== target) } as CurrentExecution);
}

function isExecution(thing: CurrentThing): thing is CurrentExecution {
  return thing.kind === "execution";
}

function isOf(
  { kind, key }: ActionsPlan["owned"][number],
  row: CurrentState["applied"][number],
  all: readonly CurrentThing[],
): boolean {
  return all.some((thing) => thing.kind === kind && thing.key === key && placeOf(thing) === placeOf(row));
}

function madeOf(
  { kind, name, fields, desired }: Change,
  before: CurrentThing | undefined,
  all: readonly CurrentThing[],
): CurrentThing {
  const changed = Object.fromEntries(fields.map(({ field, after: value }) => [field, value ?? null]));
  const {
    targets: _list,
    shadowTargets: _shadows,
    ...rest
  }: Fields = { ...(before?.fields ?? desired?.fields), ...changed };
  const id = before?.id ?? (kind === "target" ? String(++made) : name);
  const thing = {
    kind,
    key: kind === "target" ? nameKey(name) : name,
    name,
    id,
    madeAt: before?.madeAt ?? new Date(++made),
  };
  const paused = kind === "target" && { paused: rest.paused ?? false };
  if (kind !== "execution") return { ...thing, fields: { ...rest, ...paused } };
  const named = (name: string | undefined): string =>
    all.find((each) => each.kind === "target" && each.name === name)?.id ??
    assert.fail(`the target ${name} is there when it is named`);
  const list = desired?.fields.targets as readonly { target?: string; include?: string }[];
  const entries = list.map(({ target, include }): ExecutionEntry => {
    const condition = include === undefined ? undefined : parseConditionId(include);
    if (condition) return { include: condition };
    return { target: named(target) };
  });
  // Those that do not change stay by their ids.
  const { shadowTargets = null } = changed;
  const shadows =
    shadowTargets === null
      ? before && isExecution(before)
        ? before.shadows
        : []
      : (shadowTargets as readonly string[]).map(named);
  return { ...thing, fields: rest, entries, shadows } as CurrentExecution;
}

describe("planActions()", () => {
  it("leads to what the document says, from whatever there is, and then to nothing more", () => {
    fc.assert(
      fc.property(
        fc.array(documents("shop"), { minLength: 1, maxLength: 4 }),
        fc.array(documents("other"), { maxLength: 2 }),
        (own, others) => {
          let state = EMPTY;
          for (const document of [...others, ...own]) {
            const desired = desiredState(document);
            const plan = planActions(desired, state, ADOPTING);
            // What others' executions use is not deleted: then nothing is applied.
            if (plan.conflicts.length > 0) continue;
            state = after(state, plan);
            const again = planActions(desired, state, USUAL);
            assert.deepEqual([again.changes, again.conflicts], [[], []]);
            for (const { key, kind } of desired.things)
              assert.ok(thingsOf(state).some((thing) => thing.key === key && thing.kind === kind));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("without adopting changes and deletes only what the document owns", () => {
    fc.assert(
      fc.property(documents("other"), documents("shop"), documents("shop"), (theirs, first, second) => {
        let state = after(EMPTY, planActions(desiredState(theirs), EMPTY, USUAL));
        for (const document of [first, second]) {
          const plan = planActions(desiredState(document), state, USUAL);
          const owners = ownersOf(state);
          for (const { action, kind, id } of plan.changes)
            if (action !== "create") assert.equal(owners.get(placeOf({ kind, id: id ?? "" }))?.document, "shop");
          if (plan.conflicts.length > 0) return;
          const next = after(state, plan);
          const ofOthers = (each: CurrentState): readonly CurrentThing[] =>
            thingsOf(each).filter((thing) => owners.get(placeOf(thing))?.document === "other");
          assert.deepEqual(ofOthers(next), ofOthers(state));
          state = next;
        }
      }),
      { numRuns: 300 },
    );
  });

  it("of an export is empty, whoever owns what", () => {
    fc.assert(
      fc.property(documents("other"), documents("shop"), (theirs, own) => {
        let state = after(EMPTY, planActions(desiredState(theirs), EMPTY, USUAL));
        const plan = planActions(desiredState(own), state, USUAL);
        if (plan.conflicts.length === 0) state = after(state, plan);
        for (const ownedBy of [undefined, "shop", "other"]) {
          const paused = state.targets.filter(({ fields }) => fields.paused === true).map(({ id }) => id);
          const document = exportDocument(state, { ownedBy, pausedByHand: new Set(paused) });
          const { changes, conflicts } = planActions(desiredState(document), state, USUAL);
          assert.deepEqual([changes, conflicts], [[], []], JSON.stringify(document));
        }
      }),
      { numRuns: 200 },
    );
  });

  it("has the same fingerprint from the same state in another order, and another one from another", () => {
    fc.assert(
      fc.property(documents("shop"), documents("shop"), (first, second) => {
        const state = after(EMPTY, planActions(desiredState(first), EMPTY, USUAL));
        const turned = { ...state, targets: state.targets.toReversed(), executions: state.executions.toReversed() };
        const desired = desiredState(second);
        const plan = planActions(desired, state, USUAL);
        assert.equal(fingerprintOf(planActions(desired, turned, USUAL)), fingerprintOf(plan));
        if (plan.changes.length === 0) return;
        const next = planActions(desired, after(state, plan), USUAL);
        assert.notEqual(fingerprintOf(next), fingerprintOf(plan));
      }),
      { numRuns: 100 },
    );
  });
});
