import { faultOfJson, InterposeError, nearest, type JsonValue, type Violation } from "@interpose/engine";
import { readAllowEntry } from "@interpose/caller";
import { durationText, msOfDuration } from "../duration.ts";
import { nameKey } from "../store/sql/target-row.ts";
import { actionsSchema, fieldsAt, type ActionsDocument } from "./schema.ts";
import { deliveryFields, type DesiredThing, type Fields } from "./things.ts";

/** What a document says. */
export interface DesiredState {
  /** Name of the document. */
  readonly document: string;
  readonly things: readonly DesiredThing[];
}

/** Something that is wrong with a document, at a path such as `["targets", 0, "timeout"]`. */
export interface DocumentProblem {
  readonly path: readonly (string | number)[];
  /** What was expected, and what is there. */
  readonly description: string;
}

/** A document that was read, or what is wrong with it. */
export type CheckedDocument =
  | { readonly document: ActionsDocument; readonly problems?: undefined }
  | { readonly document?: undefined; readonly problems: readonly DocumentProblem[] };

/** Checks what should be a document: unknown names, types, bounds, and what is there twice. */
export function checkDocument(value: unknown): CheckedDocument {
  const fault = faultOfJson(value, "document") ?? faultOfTexts(value, "document");
  if (fault !== undefined) return { problems: [{ path: [], description: `${fault}.` }] };
  const checked = actionsSchema.safeParse(value);
  if (!checked.success)
    return {
      problems: checked.error.issues.flatMap((issue) => {
        const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
        if (issue.code !== "unrecognized_keys") return [{ path, description: `${issue.message}.` }];
        return issue.keys.map((key) => ({ path: [...path, key], description: unknownField(key, path) }));
      }),
    };
  const problems = repetitions(checked.data);
  return problems.length > 0 ? { problems } : { document: checked.data };
}

/** A path as people read it: `targets[0].timeout`. */
export function pathText(path: DocumentProblem["path"]): string {
  return path.map((part, i) => (typeof part === "number" ? `[${part}]` : `${i > 0 ? "." : ""}${part}`)).join("");
}

/** Reads a document. Throws `actions_invalid`, which names each place that is wrong. */
export function desiredState(value: unknown): DesiredState {
  const { document, problems } = checkDocument(value);
  if (document) return stateOf(document);
  const violations: readonly Violation[] = problems.map(({ path, description }) => ({
    field: path.length === 0 ? "document" : `document.${pathText(path)}`,
    description,
  }));
  const text = violations.map(({ field, description }) => `${field}: ${description}`).join(" ");
  throw new InterposeError("actions_invalid", text.slice(0, 10_000), { violations: violations.slice(0, 100) });
}

function unknownField(key: string, path: DocumentProblem["path"]): string {
  const known = fieldsAt(path);
  const guess = nearest(key, known);
  return `there is no such field. ${guess === undefined ? `There are: ${known.join(", ")}` : `Did you mean ${guess}?`}`;
}

/** PostgreSQL stores no text with this character in it. */
function faultOfTexts(value: unknown, path: string): string | undefined {
  if (typeof value === "string") return value.includes("\0") ? `${path} has the character U+0000 in it` : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, each] of Object.entries(value)) {
    const fault = faultOfTexts(key, `a name in ${path}`) ?? faultOfTexts(each, `${path}.${key.slice(0, 100)}`);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function repetitions({ targets, executions, functions, eventTypes }: ActionsDocument): readonly DocumentProblem[] {
  return [
    ...repeated(
      "targets",
      "name",
      targets.map(({ name }) => name),
      nameKey,
    ),
    ...repeated(
      "executions",
      "condition",
      executions.map((each) => each.condition),
    ),
    ...repeated(
      "functions",
      "name",
      functions.map(({ name }) => name),
    ),
    ...repeated(
      "eventTypes",
      "type",
      eventTypes.map(({ type }) => type),
    ),
  ];
}

function repeated(
  list: string,
  field: string,
  texts: readonly string[],
  keyOf: (text: string) => string = (text) => text,
): readonly DocumentProblem[] {
  const firstAt = new Map<string, number>();
  return texts.flatMap((text, i) => {
    const first = firstAt.get(keyOf(text));
    if (first === undefined) {
      firstAt.set(keyOf(text), i);
      return [];
    }
    return [{ path: [list, i, field], description: `"${text.slice(0, 80)}" is ${list}[${first}] already.` }];
  });
}

function stateOf({ name: document, targets, executions, functions, eventTypes }: ActionsDocument): DesiredState {
  const things: DesiredThing[] = [
    ...targets.map((target, i) =>
      thing("target", nameKey(target.name), target.name, `targets[${i}]`, targetFields(target)),
    ),
    ...executions.map(({ condition, fifoBy = null, ...each }, i) => {
      const fields: Fields = {
        targets: each.targets.map(entryOf),
        runOnErrors: each.runOnErrors,
        hiddenFields: [...new Set(each.hiddenFields)],
        fifoBy,
        match: each.match,
        shadowTargets: each.shadowTargets,
      };
      return thing("execution", condition, condition, `executions[${i}]`, fields);
    }),
    ...functions.map(({ name, description, input = null, reply = null }, i) =>
      thing("function", name, name, `functions[${i}]`, {
        description,
        input: input,
        reply: reply,
      }),
    ),
    ...eventTypes.map(({ type, description }, i) =>
      thing("eventType", type, type, `eventTypes[${i}]`, { description }),
    ),
  ];
  return { document, things };
}

function thing(kind: DesiredThing["kind"], key: string, name: string, place: string, fields: Fields): DesiredThing {
  return { kind, key, name, place, fields };
}

function targetFields(target: ActionsDocument["targets"][number]): Fields {
  const { retry, maxConcurrency, maxPerSecond } = target.delivery;
  return {
    name: target.name,
    type: target.type,
    endpoint: target.endpoint,
    timeout: spelled(target.timeout),
    interruptOnError: target.interruptOnError,
    dialect: target.dialect,
    replyMode: target.replyMode,
    payloadType: target.payloadType,
    ...deliveryFields({
      ...(retry && { retryDelaysMs: retry.map((text) => msOfDuration(text) ?? 0) }),
      ...(maxConcurrency !== undefined && { maxConcurrency }),
      ...(maxPerSecond !== undefined && { maxPerSecond }),
    }),
    egressAllow: [...new Set(target.egressAllow.map((text) => readAllowEntry(text).text ?? text))],
    ...(target.paused !== undefined && { paused: target.paused }),
  };
}

function spelled(duration: string): string {
  return durationText(msOfDuration(duration) ?? 0);
}

function entryOf({
  target,
  include,
}: ActionsDocument["executions"][number]["targets"][number]): Readonly<Record<string, JsonValue>> {
  return target === undefined ? { include: include ?? "" } : { target };
}
