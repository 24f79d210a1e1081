import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import { conditionId, InterposeError } from "@interpose/engine";
import type { RunFilter as ProtoFilter } from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import { firstIdAt } from "../../../ids.ts";
import type { RunFilter } from "../../../store/sql/run-filter.ts";
import { OUTCOMES, SIDES } from "./run.ts";

/** The fields of a filter, which stand among those of a request; who follows runs gives no times. */
export type FilterFields = Omit<ProtoFilter, "$typeName" | "$unknown" | "begunAfter" | "begunBefore"> &
  Partial<Pick<ProtoFilter, "begunAfter" | "begunBefore">>;

/** A filter as it was sent. Undefined: no run can fulfil it. Throws `bad_request` for what is no time. */
export function filterFromProto(fields: FilterFields): RunFilter | undefined {
  const { side, outcome, begunAfter, begunBefore, failedOnly } = fields;
  // The execution on a function is the one that names it.
  const ofFunction = fields.function === "" ? undefined : conditionId({ kind: "function", name: fields.function });
  const ofExecution = given(fields.executionId);
  if (ofFunction !== undefined && ofExecution !== undefined && ofFunction !== ofExecution) return undefined;
  return {
    side: keyOf(SIDES, side),
    method: given(fields.method),
    executionId: ofFunction ?? ofExecution,
    targetId: given(fields.targetId),
    outcome: keyOf(OUTCOMES, outcome),
    failedOnly,
    from: begunAfter && firstIdAt(timeOf(begunAfter, "begun_after")),
    before: begunBefore && firstIdAt(timeOf(begunBefore, "begun_before")),
  };
}

function given(text: string): string | undefined {
  return text === "" ? undefined : text;
}

function keyOf<K extends string, V>(values: Readonly<Record<K, V>>, value: V): K | undefined {
  return (Object.keys(values) as K[]).find((key) => values[key] === value);
}

function timeOf(timestamp: Timestamp, field: string): number {
  const time = timestampDate(timestamp).getTime();
  if (!Number.isNaN(time)) return time;
  const description = "is no time. Give one of the years from 1 to 9999.";
  throw new InterposeError("bad_request", `${field} ${description}`, { violations: [{ field, description }] });
}
