import { styleText } from "node:util";
import { isJsonObject, type JsonValue } from "@interpose/engine";
import { WORDS } from "../../actions/access.ts";
import type { FieldChange } from "../../actions/changes.ts";
import type { Conflict } from "../../actions/plan.ts";
import type { PlannedActions, PlannedChange } from "./backend.ts";

const SIGNS = { create: "+", update: "~", adopt: "~", delete: "-" } as const;
const COLOURS = { create: "green", update: "yellow", adopt: "cyan", delete: "red" } as const;

/** A plan for people: each thing that changes, field by field, and a line that sums up. */
export function planText({ changes, conflicts }: Pick<PlannedActions, "changes" | "conflicts">): string {
  const blocks = [...changes.map(changeText), ...conflicts.map(conflictText)];
  return [...blocks, summaryText({ changes, conflicts })].join("\n");
}

/** How many of each there are. */
export function summaryText({ changes, conflicts }: Pick<PlannedActions, "changes" | "conflicts">): string {
  if (changes.length === 0 && conflicts.length === 0) return "Nothing to change: everything is as the document says.";
  const count = (action: PlannedChange["action"]): number => changes.filter((each) => each.action === action).length;
  const adopted = count("adopt");
  const counts = [
    `${count("create")} to create`,
    `${count("update")} to change`,
    ...(adopted > 0 ? [`${adopted} to take over`] : []),
    `${count("delete")} to delete`,
  ];
  const inTheWay = conflicts.length === 1 ? "1 thing is" : `${conflicts.length} things are`;
  return `${counts.join(", ")}.${conflicts.length === 0 ? "" : ` ${inTheWay} in the way: the document cannot be applied.`}`;
}

function changeText({ action, kind, name, fields, drifted, formerOwner }: PlannedChange): string {
  const notes = [
    ...(action === "adopt" ? [formerOwner === undefined ? "is taken over" : `is taken over from ${formerOwner}`] : []),
    ...(drifted ? [action === "create" ? "somebody else deleted it" : "somebody else changed it"] : []),
  ];
  const head = `${SIGNS[action]} ${WORDS[kind]} ${textOf(name)}${notes.length > 0 ? ` (${notes.join("; ")})` : ""}`;
  return [styleText(COLOURS[action], head), ...fields.map(fieldText)].join("\n");
}

function conflictText({ kind, name, description, fields }: Conflict): string {
  const head = `! ${WORDS[kind]} ${textOf(name)} ${description}`;
  return [styleText("magenta", head), ...fields.map(fieldText)].join("\n");
}

function fieldText({ field, before, after, drifted }: FieldChange): string {
  const note = drifted ? " (somebody else changed it)" : "";
  if (before === undefined) return `    ${field}: ${valueText(after)}`;
  if (after === undefined) return `    ${field}: ${valueText(before)}${note}`;
  return `    ${field}: ${valueText(before)} → ${valueText(after)}${note}`;
}

/** A value on one line. Lists of targets are written as `executions list` writes them. */
function valueText(value: JsonValue | undefined): string {
  if (typeof value === "string") return textOf(value);
  if (value === null || value === undefined) return "none";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(itemText).join(", ");
  return safe(JSON.stringify(value));
}

function itemText(value: JsonValue): string {
  if (!isJsonObject(value)) return valueText(value);
  if (typeof value.target === "string") return textOf(value.target);
  if (typeof value.include === "string") return `include ${textOf(value.include)}`;
  return safe(JSON.stringify(value));
}

/** A text as it is, unless it could be taken for something else, or could do something to a terminal. */
export function textOf(text: string): string {
  return text === "" || /^\s|\s$|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}"]/u.test(text) ? safe(JSON.stringify(text)) : text;
}

function safe(json: string): string {
  return json.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (letter) => `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
