import { fromJson, type JsonObject as ProtobufJson, type MessageInitShape } from "@bufbuild/protobuf";
import { ValueSchema, type Value } from "@bufbuild/protobuf/wkt";
import { isJsonObject, jsonDiff, type JsonDifference, type JsonObject, type JsonValue } from "@interpose/engine";
import {
  CallEffect,
  type DifferenceSchema,
  type GetRunResponseSchema,
  type RunCallSchema,
} from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import type { ContentOfCall, ContentOfRun } from "../../../runs/content.ts";
import type { StoredRun, StoredRunCall } from "../../../store/sql/run-row.ts";
import type { StoredRunMessages } from "../../../store/sql/select-run.ts";
import { runToProto } from "./run.ts";

/** What a call can come to. */
export const EFFECTS: Readonly<Record<StoredRunCall["effect"], CallEffect>> = {
  none: CallEffect.NONE,
  changed: CallEffect.CHANGED,
  started: CallEffect.STARTED,
  ignored: CallEffect.IGNORED,
  refused: CallEffect.REFUSED,
  shadow: CallEffect.SHADOW,
};

/** A run with all that is known of it. What differs is found when it is asked for. */
export function runWithCalls(
  run: StoredRun,
  calls: readonly StoredRunCall[],
  stored: readonly StoredRunMessages[],
): MessageInitShape<typeof GetRunResponseSchema> {
  const { whole, contents } = contentsOf(calls, stored);
  const [first] = contents;
  const before = first?.payload && shownBefore(first.payload, run.side);
  const last = contents.findLast(({ after }, i) => after && calls[i]?.effect === "changed");
  const after = run.outcome === "refused" ? undefined : (whole.after ?? last?.after ?? unchanged(run, before));
  return {
    run: runToProto(run),
    calls: calls.map((call, i) => callToProto(call, contents[i] ?? {}, stateBefore(run.side, contents, calls, i))),
    ...(before && { before: structOf(before) }),
    ...(after && { after: structOf(after) }),
    differences: before && after ? differences(run.side === "function" ? {} : before, after) : [],
  };
}

/** What was kept of each call, also of what came later. */
export function contentsOf(
  calls: readonly StoredRunCall[],
  stored: readonly StoredRunMessages[],
): { readonly whole: ContentOfRun; readonly contents: readonly ContentOfCall[] } {
  const ofRun = stored.find(({ place }) => place === 0);
  const whole = ofRun ? (jsonOf(ofRun) as ContentOfRun) : { calls: [] };
  const late = new Map(stored.map((each) => [each.place, jsonOf(each) as ContentOfCall]));
  return { whole, contents: calls.map(({ place }) => ({ ...whole.calls[place - 1], ...late.get(place) })) };
}

/** What a run leaves that changed nothing. */
function unchanged({ side, outcome }: StoredRun, before: JsonObject | undefined): JsonObject | undefined {
  if (outcome === "changed") return undefined;
  return side === "function" ? {} : before;
}

/** What the first target was shown: the message, the error in its place, or the input of a function. */
function shownBefore(payload: JsonObject, side: StoredRun["side"]): JsonObject | undefined {
  if (side === "function") {
    const { function: _name, ...input } = payload;
    return input;
  }
  return side === "request" ? object(payload.request) : (object(payload.response) ?? object(payload.error));
}

/** What the message, or the output of a function, was before a call; before a shadow as before the target beside it. Undefined: it was not recorded. */
export function stateBefore(
  side: StoredRun["side"],
  contents: readonly ContentOfCall[],
  calls: readonly StoredRunCall[],
  at: number,
): JsonObject | undefined {
  if (side === "function") {
    const isShadow = calls[at]?.effect === "shadow";
    const shownAt = isShadow ? calls.findLastIndex(({ effect }, i) => i < at && effect !== "shadow") : at;
    return contents.findLast(({ after }, i) => i < shownAt && after && calls[i]?.effect === "changed")?.after ?? {};
  }
  const payload = contents[at]?.payload;
  return payload && shownBefore(payload, side);
}

/** A call on record as the API shows it. `before`: what the message was before it, where that is known. */
export function callToProto(
  call: StoredRunCall,
  content: ContentOfCall,
  before: JsonObject | undefined,
): MessageInitShape<typeof RunCallSchema> {
  const { durationMs, status, shadowEffect, isSame } = call;
  const { payload, reply } = content;
  return {
    place: call.place,
    targetId: call.targetId,
    targetName: call.targetName,
    beginMs: call.beginMs,
    ...(durationMs !== null && { durationMs }),
    ...(status !== null && { status }),
    effect: EFFECTS[call.effect],
    failure: call.failure ?? "",
    detail: call.detail ?? "",
    ...(payload && { payload: structOf(payload) }),
    ...(reply !== undefined && { reply }),
    differences: differencesOfCall(call, content, before),
    ...(shadowEffect !== null && { shadowEffect: EFFECTS[shadowEffect] }),
    ...(isSame !== null && { isSame }),
  };
}

function differencesOfCall(
  { effect }: StoredRunCall,
  { after, differences: recorded = [] }: ContentOfCall,
  before: JsonObject | undefined,
): MessageInitShape<typeof DifferenceSchema>[] {
  if (effect === "shadow") return recorded.map(differenceToProto);
  return before && after ? differences(before, after) : [];
}

/** What differs between two states, as the API shows it. */
export function differences(before: JsonObject, after: JsonObject): MessageInitShape<typeof DifferenceSchema>[] {
  return jsonDiff(before, after).map(differenceToProto);
}

/** One difference as the API shows it. */
export function differenceToProto(difference: JsonDifference): MessageInitShape<typeof DifferenceSchema> {
  return {
    path: difference.path,
    ...(difference.before !== undefined && { before: valueOf(difference.before) }),
    ...(difference.after !== undefined && { after: valueOf(difference.after) }),
  };
}

function valueOf(json: JsonValue): Value {
  return fromJson(ValueSchema, json as ProtobufJson);
}

function jsonOf(stored: StoredRunMessages): unknown {
  return JSON.parse(Buffer.from(stored.content).toString());
}

function object(value: JsonObject[string] | undefined): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined;
}

/** JSON as generated code has it, whose types allow changes that nobody makes. */
export function structOf(json: JsonObject): ProtobufJson {
  return json as ProtobufJson;
}
