import { isDeepStrictEqual } from "node:util";
import { InterposeError, type JsonObject } from "@interpose/engine";
import { PERMISSIONS } from "../access/permissions.ts";
import { authorizeChanges, authorizePauses, authorizeReading, WORDS } from "../actions/access.ts";
import type { DesiredState } from "../actions/document.ts";
import { exportDocument } from "../actions/export.ts";
import { fingerprintOf } from "../actions/fingerprint.ts";
import { loadState } from "../actions/load-state.ts";
import { ownersOf, thingsOf, type CurrentState } from "../actions/pairs.ts";
import { planActions as plan, type ActionsPlan, type PlanOptions } from "../actions/plan.ts";
import type { AppliedRow } from "../store/sql/select-applied.ts";
import { replaceApplied } from "../store/sql/replace-applied.ts";
import { selectPausedTargets } from "../store/sql/select-paused-targets.ts";
import { carryOut, type ActionsRules } from "./carry-out.ts";
import { write, type KeyContext, type Write } from "./context.ts";

/** A plan, with what it is known by. */
export interface FingerprintedPlan extends ActionsPlan {
  readonly fingerprint: string;
}

/**
 * What applying a document would change. It is tried, in a transaction that is rolled back: what applying it would be refused for is thrown, but for missing permissions. With conflicts, it is
 * not tried. Throws `permission_denied` for a caller who may not read what it is about.
 */
export async function planActions(
  context: KeyContext,
  desired: DesiredState,
  options: PlanOptions,
  rules: ActionsRules,
): Promise<FingerprintedPlan> {
  try {
    return await write(context, async (command) => {
      const planned = await planWithin(command, context, desired, options);
      if (planned.conflicts.length > 0 || planned.changes.length === 0) return planned;
      const trying = { ...context, within: command, permissions: new Set<string>(PERMISSIONS) };
      await carryOut(trying, planned.changes, planned.document, rules);
      throw new Tried(planned);
    });
  } catch (error) {
    if (error instanceof Tried) return error.plan;
    throw error;
  }
}

/**
 * Makes everything as a document says, in one transaction. Throws `actions_conflict` where others' things are in the way; `actions_changed` where a fingerprint is given and the plan has another one by now;
 * `permission_denied` for a caller who may not read what it is about, or may not make a change; and what the commands of the single changes throw. Then nothing is changed.
 */
export function applyActions(
  context: KeyContext,
  desired: DesiredState,
  options: PlanOptions & { readonly fingerprint: string | undefined },
  rules: ActionsRules,
): Promise<FingerprintedPlan> {
  return write(context, async (command) => {
    const planned = await planWithin(command, context, desired, options);
    if (options.fingerprint !== undefined && options.fingerprint !== planned.fingerprint)
      throw new InterposeError(
        "actions_changed",
        "Things have changed since the plan was made, and it would be another one now. Nothing was changed. Make a new plan, and look at it.",
      );
    if (planned.conflicts.length > 0) throw conflicting(planned);
    authorizeChanges(context, planned.changes);
    await carryOut({ ...context, within: command }, planned.changes, planned.document, rules);
    await remember(command, context.instanceId, planned);
    return planned;
  });
}

/** Writes what there is, or what one document owns of it, as a document. Throws `permission_denied` for a caller who may not read all of it. */
export async function exportActions(
  { database, instanceId, permissions }: KeyContext,
  ownedBy: string | undefined,
): Promise<JsonObject> {
  authorizeReading({ permissions }, ["target", "execution", "function", "eventType"]);
  authorizePauses({ permissions });
  return database.snapshotRead(async (tx) => {
    const paused = await selectPausedTargets(tx, instanceId);
    const byHand = paused.filter(({ pausedBy }) => pausedBy === "operator").map(({ targetId }) => targetId);
    return exportDocument(await loadState(tx, instanceId), { ownedBy, pausedByHand: new Set(byHand) });
  });
}

/** Carries the plan of what was tried out of its transaction, which ends by it. */
class Tried extends Error {
  readonly plan: FingerprintedPlan;

  constructor(planned: FingerprintedPlan) {
    super("this was only tried");
    this.plan = planned;
  }
}

async function planWithin(
  { tx }: Write,
  { instanceId, permissions }: KeyContext,
  desired: DesiredState,
  options: PlanOptions,
): Promise<FingerprintedPlan> {
  const current = await loadState(tx, instanceId);
  authorizeReading({ permissions }, kindsOf(desired, current));
  if (desired.things.some(({ fields }) => fields.paused !== undefined)) authorizePauses({ permissions });
  const planned = plan(desired, current, options);
  return { ...planned, fingerprint: fingerprintOf(planned) };
}

/** Kinds that a document names or owns something of. */
function kindsOf({ document, things }: DesiredState, current: CurrentState): ReadonlySet<AppliedRow["kind"]> {
  const owned = [...ownersOf(current).values()].filter((row) => row.document === document);
  return new Set([...things, ...owned].map(({ kind }) => kind));
}

/** Writes what the document owns now, unless that is written already. */
async function remember({ tx }: Write, instanceId: string, { document, owned }: ActionsPlan): Promise<void> {
  const current = await loadState(tx, instanceId);
  const things = new Map(thingsOf(current).map((thing) => [`${thing.kind} ${thing.key}`, thing]));
  const rows = owned.flatMap(({ kind, key, fields }) => {
    const thing = things.get(`${kind} ${key}`);
    return thing ? [{ kind, id: thing.id, madeAt: thing.madeAt, fields: fields }] : [];
  });
  const before = current.applied.filter((row) => row.document === document);
  const after = rows.map((row) => ({ ...row, document }));
  if (!isDeepStrictEqual(byPlace(before), byPlace(after))) await replaceApplied(tx, instanceId, document, rows);
}

function byPlace(rows: readonly AppliedRow[]): ReadonlyMap<string, AppliedRow> {
  return new Map(rows.map((row) => [`${row.kind} ${row.id}`, row]));
}

function conflicting({ conflicts }: ActionsPlan): InterposeError {
  const texts = conflicts.map(({ kind, name, description }) => `The ${WORDS[kind]} "${name}" ${description}`);
  const more = texts.length > 20 ? ` There are ${texts.length - 20} more.` : "";
  return new InterposeError("actions_conflict", `${texts.slice(0, 20).join(" ")}${more} Nothing was changed.`);
}
