import { CallEffect, type RunCall } from "@interpose/protocol/gen/interpose/v1/run_service_pb";

/** How a call is drawn. */
export type BarKind = "done" | "changed" | "failed" | "ignored" | "unwaited" | "shadow";

/** Where a call stands in time, in hundredths of the whole. */
export interface Bar {
  readonly kind: BarKind;
  readonly left: number;
  readonly width: number;
  /** Whether its end is not known. */
  readonly isOpen: boolean;
}

/** A picture of a run in time. */
export interface WaterfallLayout {
  /** From the beginning of the run to the last end that is known, in milliseconds; more than 0. */
  readonly totalMs: number;
  /** Where the run was over, in hundredths. */
  readonly end: number;
  /** In the order of the calls. */
  readonly bars: readonly Bar[];
}

/** Narrowest bar, in hundredths: what takes no time is seen too. */
const MIN_WIDTH = 0.6;

/** Lays out the calls of a run that took so long. Shadows, and what is not waited for, may end after it. */
export function layOutWaterfall(
  durationMs: number,
  calls: readonly Pick<RunCall, "beginMs" | "durationMs" | "effect" | "failure">[],
): WaterfallLayout {
  const ends = calls.map(({ beginMs, durationMs: took = 0 }) => beginMs + took);
  const totalMs = Math.max(durationMs, ...ends, 0.1);
  const hundredths = (ms: number): number => Math.min(100, Math.max(0, (ms / totalMs) * 100));
  return {
    totalMs,
    end: hundredths(durationMs),
    bars: calls.map((call) => {
      const left = Math.min(hundredths(call.beginMs), 100 - MIN_WIDTH);
      const isOpen = call.durationMs === undefined;
      const width = isOpen ? 100 - left : Math.max(hundredths(call.beginMs + (call.durationMs ?? 0)) - left, MIN_WIDTH);
      return { kind: kindOf(call), left, width, isOpen };
    }),
  };
}

function kindOf({ effect, failure }: Pick<RunCall, "effect" | "failure">): BarKind {
  switch (effect) {
    case CallEffect.SHADOW:
      return "shadow";
    case CallEffect.STARTED:
      return failure === "" ? "unwaited" : "ignored";
    case CallEffect.CHANGED:
      return "changed";
    case CallEffect.REFUSED:
      return "failed";
    case CallEffect.IGNORED:
      return "ignored";
    case CallEffect.NONE:
    case CallEffect.UNSPECIFIED:
      return "done";
  }
}
