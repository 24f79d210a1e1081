import {
  DEFAULT_DELIVERY_SETTINGS,
  InterposeError,
  parseConditionId,
  type Condition,
  type DeliverySettings,
  type Dialect,
  type ExecutionEntry,
  type JsonObject,
  type PayloadType,
  type TargetId,
  type TargetType,
} from "@interpose/engine";
import { WORDS } from "../actions/access.ts";
import type { Change } from "../actions/changes.ts";
import { textOf, type Fields } from "../actions/things.ts";
import { msOfDuration } from "../duration.ts";
import type { FunctionCatalog } from "../functions/catalog.ts";
import { selectTargetByName } from "../store/sql/select-target-by-name.ts";
import { readerOf, type KeyContext } from "./context.ts";
import { createFunction } from "./create-function.ts";
import { createTarget } from "./create-target.ts";
import { declareEventType } from "./declare-event-type.ts";
import { deleteEventType } from "./delete-event-type.ts";
import { deleteExecution } from "./delete-execution.ts";
import { deleteFunction } from "./delete-function.ts";
import { deleteTarget } from "./delete-target.ts";
import type { DeliverySettingsChanges } from "./delivery-settings.ts";
import { pauseTarget, resumeTarget } from "./pause-target.ts";
import { setExecutions } from "./set-execution.ts";
import { updateExecutionOptions, type ExecutionOptionsChanges } from "./update-execution-options.ts";
import { updateFunction } from "./update-function.ts";
import { updateTarget, type TargetChanges } from "./update-target.ts";

/** What commands cannot check by themselves. */
export interface ActionsRules {
  readonly functions: FunctionCatalog;
  /** Refuses a condition on what nobody serves. Undefined where that is not known. */
  readonly checkCondition?: ((condition: Condition, functions: FunctionCatalog) => Promise<void>) | undefined;
  /** Refuses paths that no message of a condition has. Undefined where messages are not known. */
  readonly checkHiddenFields?: ((condition: Condition, paths: readonly string[]) => void) | undefined;
}

/** Makes changes by the commands that are there for each of them, within one that is under way. What a command refuses is refused with the name of its thing. */
export async function carryOut(
  context: KeyContext,
  changes: readonly Change[],
  document: string,
  rules: ActionsRules,
): Promise<void> {
  const executions = changes.filter(({ kind, action }) => kind === "execution" && action !== "delete");
  for (const change of changes) {
    // Lists may name one another: they are set together, in the turn of the first.
    if (change === executions[0]) await setLists(context, executions, rules);
    await named(change, () => carryOutOne(context, change, document, rules));
  }
}

function carryOutOne(context: KeyContext, change: Change, document: string, rules: ActionsRules): Promise<unknown> {
  switch (change.kind) {
    case "target":
      return target(context, change, document);
    case "execution":
      return execution(context, change, rules);
    case "function":
      return declaredFunction(context, change, rules.functions);
    case "eventType":
      return change.desired
        ? declareEventType(context, change.name, textOf(change.desired.fields, "description"))
        : deleteEventType(context, change.name);
  }
}

async function target(context: KeyContext, change: Change, document: string): Promise<void> {
  const { desired, id } = change;
  if (!desired) {
    await deleteTarget(context, idOf(change));
    return;
  }
  const has = (field: string): boolean => change.fields.some((each) => each.field === field);
  const targetId = id ?? (await makeTarget(context, desired.fields));
  await updateTarget(context, targetId, targetChanges(desired.fields, has));
  if (!has("paused")) return;
  const reason = `by the document "${document}"`;
  await (desired.fields.paused === true ? pauseTarget : resumeTarget)(context, targetId, reason);
}

async function makeTarget(context: KeyContext, fields: Fields): Promise<string> {
  const { dialect, payloadType } = fields;
  const { id } = await createTarget(context, {
    name: textOf(fields, "name"),
    endpoint: textOf(fields, "endpoint"),
    timeoutMs: msOf(textOf(fields, "timeout")),
    dialect: dialect as Dialect,
    payloadType: payloadType as PayloadType,
    ...callingOf(fields),
  });
  return id;
}

/** What changes of a target that is there. What was just made has most of it already. */
function targetChanges(fields: Fields, has: (field: string) => boolean): TargetChanges {
  const delivery: DeliverySettingsChanges = {
    ...(has("delivery.retry") && {
      retryDelaysMs: ownSetting("retryDelaysMs", (fields["delivery.retry"] as readonly string[]).map(msOf)),
    }),
    ...(has("delivery.maxConcurrency") && {
      maxConcurrency: ownSetting("maxConcurrency", fields["delivery.maxConcurrency"] as number),
    }),
    ...(has("delivery.maxPerSecond") && {
      maxPerSecond: ownSetting("maxPerSecond", fields["delivery.maxPerSecond"] as number),
    }),
  };
  return {
    ...(has("name") && { name: textOf(fields, "name") }),
    ...((has("type") || has("interruptOnError")) && { calling: callingOf(fields) }),
    ...(has("endpoint") && { endpoint: textOf(fields, "endpoint") }),
    ...(has("timeout") && { timeoutMs: msOf(textOf(fields, "timeout")) }),
    ...(has("dialect") && { dialect: fields.dialect as Dialect }),
    ...(has("replyMode") && { replyMode: fields.replyMode === "patch" ? "patch" : null }),
    ...(has("payloadType") && { payloadType: fields.payloadType as PayloadType }),
    ...(Object.keys(delivery).length > 0 && { delivery }),
    ...(has("egressAllow") && { egressAllow: fields.egressAllow as readonly string[] }),
  };
}

function callingOf({ type, interruptOnError }: Fields): NonNullable<TargetChanges["calling"]> {
  return { type: type as TargetType, interruptOnError: interruptOnError === true };
}

/** A setting of a target's own; null where it is as it is by default. */
function ownSetting<S extends keyof DeliverySettings>(
  setting: S,
  value: DeliverySettings[S],
): DeliverySettings[S] | null {
  return JSON.stringify(value) === JSON.stringify(DEFAULT_DELIVERY_SETTINGS[setting]) ? null : value;
}

function msOf(text: string): number {
  return msOfDuration(text) ?? 0;
}

/** Sets the lists that change, all at once. */
async function setLists(
  context: KeyContext,
  changes: readonly Change[],
  { functions, checkCondition }: ActionsRules,
): Promise<void> {
  const tx = readerOf(context);
  const changed = changes.filter(({ fields }) => fields.some(({ field }) => field === "targets"));
  const lists = [];
  for (const change of changed) {
    const condition = conditionOf(change);
    await named(change, async () => checkCondition?.(condition, functions.within(tx)));
    const entries: ExecutionEntry[] = [];
    for (const entry of change.desired?.fields.targets as readonly { target?: string; include?: string }[]) {
      if (entry.target === undefined) entries.push({ include: parsed(entry.include ?? "") });
      else entries.push({ target: await targetNamed(context, entry.target) });
    }
    lists.push({ condition, entries });
  }
  await setExecutions(context, lists);
}

/** Id of the target that has a name. A name that no target has stands for itself: the command refuses it. */
async function targetNamed(context: KeyContext, name: string): Promise<TargetId> {
  return (await selectTargetByName(readerOf(context), context.instanceId, name)) ?? name;
}

async function targetsNamed(context: KeyContext, names: readonly string[]): Promise<readonly TargetId[]> {
  const ids: TargetId[] = [];
  for (const name of names) ids.push(await targetNamed(context, name));
  return ids;
}

/** All of an execution but its list, which is set already: shadows must be called by it. */
async function execution(context: KeyContext, change: Change, { checkHiddenFields }: ActionsRules): Promise<void> {
  const condition = conditionOf(change);
  if (!change.desired) {
    await deleteExecution(context, condition);
    return;
  }
  const { runOnErrors, hiddenFields, fifoBy, match, shadowTargets } = change.desired.fields;
  const has = (field: string): boolean => change.fields.some((each) => each.field === field);
  const changes: ExecutionOptionsChanges = {
    ...(has("runOnErrors") && { runOnErrors: runOnErrors === true }),
    ...(has("hiddenFields") && { hiddenFields: hiddenFields as readonly string[] }),
    ...(has("fifoBy") && { fifoBy: typeof fifoBy === "string" ? fifoBy : "" }),
    ...(has("match") && { match: match === "equivalent" ? "equivalent" : "exact" }),
    ...(has("shadowTargets") && { shadowTargets: await targetsNamed(context, shadowTargets as readonly string[]) }),
  };
  if (Object.keys(changes).length === 0) return;
  checkHiddenFields?.(condition, changes.hiddenFields ?? []);
  await updateExecutionOptions(context, condition, changes);
}

async function declaredFunction(context: KeyContext, change: Change, functions: FunctionCatalog): Promise<void> {
  const { desired, name, id } = change;
  if (!desired) return deleteFunction(context, functions, name);
  const { input, reply } = desired.fields;
  const description = textOf(desired.fields, "description");
  const schemas = { input: input as JsonObject | null, reply: reply as JsonObject | null };
  if (id !== undefined)
    return updateFunction(context, functions, name, {
      description,
      inputSchema: schemas.input,
      replySchema: schemas.reply,
    });
  return createFunction(context, functions, {
    name,
    description,
    ...(schemas.input && { input: schemas.input }),
    ...(schemas.reply && { reply: schemas.reply }),
  });
}

function idOf({ id, name }: Change): string {
  if (id === undefined) throw new Error(`"${name}" is to be deleted and has no id`);
  return id;
}

function conditionOf({ name }: Change): Condition {
  return parsed(name);
}

function parsed(id: string): Condition {
  const condition = parseConditionId(id);
  if (!condition) throw new Error(`"${id}" is no condition, and was taken for one`);
  return condition;
}

/** Does something for a change. What is refused says which thing it is about. */
async function named<T>({ kind, name }: Change, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InterposeError) || error.reason === "store_unavailable") throw error;
    const { reason, code, id, key, violations, metadata } = error;
    const text = `The ${WORDS[kind]} "${name}": ${error.message}`;
    throw new InterposeError(reason, text, { code, id, key, violations, metadata, cause: error });
  }
}
