import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { parseConditionId } from "@interpose/engine";
import { RunOutcome, RunSide, type RunSchema } from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import { timeOfId } from "../../../ids.ts";
import type { StoredRun } from "../../../store/sql/run-row.ts";

/** What a run can be for. */
export const SIDES: Readonly<Record<StoredRun["side"], RunSide>> = {
  request: RunSide.REQUEST,
  response: RunSide.RESPONSE,
  function: RunSide.FUNCTION,
};

/** What a run can come to. */
export const OUTCOMES: Readonly<Record<StoredRun["outcome"], RunOutcome>> = {
  passed: RunOutcome.PASSED,
  changed: RunOutcome.CHANGED,
  refused: RunOutcome.REFUSED,
};

/** A run as the API shows it. */
export function runToProto(run: StoredRun): MessageInitShape<typeof RunSchema> {
  const { userId, orgId, projectId, errorReason } = run;
  const condition = parseConditionId(run.executionId);
  return {
    id: String(run.id),
    beginTime: timestampFromMs(timeOfId(run.id)),
    durationMs: run.durationMs,
    side: SIDES[run.side],
    method: run.method ?? "",
    function: condition?.kind === "function" ? condition.name : "",
    executionId: run.executionId,
    host: run.host,
    ...((userId ?? orgId ?? projectId) !== null && {
      caller: { userId: userId ?? "", orgId: orgId ?? "", projectId: projectId ?? "" },
    }),
    depth: run.depth,
    outcome: OUTCOMES[run.outcome],
    ...(errorReason !== null && {
      error: {
        reason: errorReason.toUpperCase(),
        code: (run.errorCode ?? "").toUpperCase(),
        text: run.errorText ?? "",
      },
    }),
    callCount: run.calls,
    failedCallCount: run.failedCalls,
  };
}

/** The id of a run that a text is; undefined: of none. */
export function runIdFromText(text: string): bigint | undefined {
  return /^[1-9]\d{0,17}$/.test(text) ? BigInt(text) : undefined;
}
