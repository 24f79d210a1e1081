import type { MessageInitShape } from "@bufbuild/protobuf";
import type { DeliveryExchange } from "@interpose/caller";
import type { InterposeError, JsonObject, Recordable } from "@interpose/engine";
import {
  CallEffect,
  RunOutcome,
  type DifferenceSchema,
  type RunCallSchema,
  type RunErrorSchema,
} from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import type { SentHeadersSchema } from "@interpose/protocol/gen/interpose/v1/try_service_pb";
import { cutToBytes } from "../../../runs/rows.ts";
import type { ToldTarget } from "../../../try/try-event.ts";
import type { Tried, TriedCall } from "../../../try/try.ts";
import { differences, differenceToProto, EFFECTS, structOf } from "../runs/calls.ts";

/** Most bytes of payloads in one answer; those that are too much are left out. */
const MOST_PAYLOAD_BYTES = 4 * 1024 * 1024;
/** So much of a reply is shown, in bytes, as on record. */
const SHOWN_REPLY_BYTES = 16 * 1024;

type Differences = MessageInitShape<typeof DifferenceSchema>[];
type RunCall = MessageInitShape<typeof RunCallSchema>;

/** What a try came to. */
export const OUTCOMES: Readonly<Record<Tried["outcome"], RunOutcome>> = {
  passed: RunOutcome.PASSED,
  changed: RunOutcome.CHANGED,
  refused: RunOutcome.REFUSED,
};

/** The calls of a try as the API shows them. */
export function callsToProto({ calls, beganMs, subject }: Tried): RunCall[] {
  const fits = createBudget();
  let state: Recordable | undefined;
  return calls.map(({ record, end, exchange }, i) => {
    const { target, payload, effect, changedTo } = record;
    const { status, durationMs, failure, detail } = end ?? record;
    const before = state;
    if (changedTo) state = changedTo;
    return {
      place: i + 1,
      targetId: target.id,
      targetName: target.name,
      beginMs: record.beganMs - beganMs,
      ...(durationMs !== undefined && { durationMs }),
      ...((status ?? exchange?.status) !== undefined && { status: status ?? exchange?.status }),
      effect: EFFECTS[effect],
      failure: failure ?? "",
      detail: detail ?? "",
      ...(fits(payload) && { payload: structOf(payload) }),
      ...replyToProto(exchange, subject),
      differences: differencesOf({ record, end, exchange }, before),
      ...(end?.comparison && { shadowEffect: EFFECTS[end.comparison.effect], isSame: end.comparison.isSame }),
    };
  });
}

function differencesOf({ record, end }: TriedCall, before: Recordable | undefined): Differences {
  if (end?.comparison) return end.comparison.differences.map(differenceToProto);
  const { changedTo, target, payload } = record;
  if (!changedTo) return [];
  const was = before?.stateFor(target) ?? shownIn(payload);
  return differences(was, changedTo.stateFor(target));
}

/** What the first target that changed something was shown of the message; a function's output begins with nothing. */
function shownIn(payload: JsonObject): JsonObject {
  if ("function" in payload) return {};
  return (payload.response ?? payload.request ?? {}) as JsonObject;
}

/** Headers of calls, with what is secret of them hidden. */
export function headersToProto(
  exchanges: readonly (DeliveryExchange | undefined)[],
): MessageInitShape<typeof SentHeadersSchema>[] {
  return exchanges.map((exchange) => ({ headers: { ...exchange?.sentHeaders } }));
}

/** What targets were told of an event. */
export function toldToProto(told: readonly ToldTarget[]): RunCall[] {
  const began = told[0]?.beganMs ?? 0;
  const fits = createBudget();
  return told.map(({ target, beganMs, payload, exchange, outcome }, i) => {
    const { decision, failure } = outcome;
    const { status, durationMs } = exchange;
    const why = exchange.kind === "failed" ? [exchange.detail] : failure ? ["asked to refuse"] : [];
    const then =
      decision.kind === "retry"
        ? [`a delivery would be tried again in about ${Math.round(decision.delayMs / 1000)} s`]
        : decision.kind === "dead"
          ? ["a delivery would be given up"]
          : [];
    return {
      place: i + 1,
      targetId: target.id,
      targetName: target.name,
      beginMs: beganMs - began,
      durationMs,
      ...(status !== undefined && { status }),
      effect: failure === undefined ? CallEffect.NONE : CallEffect.IGNORED,
      failure: failure ?? "",
      detail: [...why, ...then].join("; "),
      ...(fits(payload) && { payload: structOf(payload) }),
      ...replyToProto(exchange, undefined),
      differences: [],
    };
  });
}

/** The error that a caller would be answered. */
export function errorToProto({ reason, code, message }: InterposeError): MessageInitShape<typeof RunErrorSchema> {
  return { reason: reason.toUpperCase(), code: code.toUpperCase(), text: message };
}

function replyToProto(exchange: DeliveryExchange | undefined, subject: Recordable | undefined): { reply?: string } {
  if (!exchange?.reply || exchange.reply.byteLength === 0) return {};
  const text = Buffer.from(exchange.reply).toString();
  const shown = subject ? subject.recordable(text) : text;
  return shown === undefined ? {} : { reply: cutToBytes(shown, SHOWN_REPLY_BYTES) };
}

function createBudget(): (payload: JsonObject) => boolean {
  let left = MOST_PAYLOAD_BYTES;
  return (payload) => {
    left -= Buffer.byteLength(JSON.stringify(payload));
    return left >= 0;
  };
}
