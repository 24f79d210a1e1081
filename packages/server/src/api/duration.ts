import { create } from "@bufbuild/protobuf";
import { DurationSchema, type Duration } from "@bufbuild/protobuf/wkt";

/** Milliseconds of a duration, fractions included. */
export function msFromDuration(duration: Duration): number {
  return Number(duration.seconds) * 1000 + duration.nanos / 1_000_000;
}

/** The duration of some milliseconds, to the nanosecond. */
export function durationFromMs(ms: number): Duration {
  const seconds = Math.floor(ms / 1000);
  const nanos = Math.round((ms - seconds * 1000) * 1_000_000);
  return create(
    DurationSchema,
    nanos === 1_000_000_000 ? { seconds: BigInt(seconds + 1) } : { seconds: BigInt(seconds), nanos },
  );
}
