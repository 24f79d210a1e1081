import { countDeadLetters } from "../../store/sql/count-dead-letters.ts";
import { readWorkers } from "../../store/sql/read-workers.ts";
import { selectHeldQueues, type HeldQueue } from "../../store/sql/select-held-queues.ts";
import type { Check } from "./check.ts";
import { atMost, ok, warning, type Finding } from "./finding.ts";
import { counted, spanOf } from "./words.ts";

const MOST_QUEUES = 1_000;
/** More dead letters than these are not counted. */
const MOST_COUNTED = 100_000;
/** A delivery that has been due for so long is taken by nobody, or by too few. */
const LATE_MS = 60_000;

/** Queues that deliver nothing at the moment. */
export const queues: Check = {
  name: "queues",
  needs: "store",
  run: async ({ instanceId, read }) => {
    const held = await read((tx) => selectHeldQueues(tx, instanceId, MOST_QUEUES));
    return held.length === 0 ? [ok("No queue is held.")] : atMost(held.map(heldFinding), "warning");
  },
};

function heldFinding({ targetId, targetName, pausedBy, pauseReason, since }: HeldQueue): Finding {
  const what = `Deliveries to target "${targetName ?? "that was deleted"}" (${targetId})`;
  const age = `for ${spanOf(Math.max(0, Date.now() - since.getTime()))}`;
  if (pausedBy === null)
    return warning(
      `${what} are spared ${age}, since it failed: its breaker is open.`,
      "Mend the target: it is tried again by itself.",
    );
  const why = pauseReason === null || pauseReason === "" ? "" : `: ${pauseReason.replace(/\s+/g, " ").slice(0, 200)}`;
  return warning(
    `${what} are paused by ${PAUSERS[pausedBy]} ${age}${why}.`,
    "Resume the queue when its reason is gone (docs/deliveries.md).",
  );
}

const PAUSERS = { operator: "an operator", target: "the target", loop: "Interpose, which saw a loop" } as const;

/** Deliveries that were given up. */
export const deadLetters: Check = {
  name: "dead letters",
  needs: "store",
  run: async ({ instanceId, read }) => {
    const found = await read((tx) => countDeadLetters(tx, instanceId, MOST_COUNTED));
    if (found.length === 0) return [ok("There are no dead letters.")];
    const all = found.reduce((sum, { count }) => sum + count, 0);
    const findings = found.map(({ targetId, targetName, count }) =>
      warning(
        `${counted(count, "dead letter")} for target "${targetName ?? "that was deleted"}" (${targetId})${all >= MOST_COUNTED ? ", of those that were counted" : ""}.`,
        "Mend the target, and redeliver them (docs/record.md).",
      ),
    );
    return atMost(findings, "warning");
  },
};

/** Whether anybody delivers. */
export const workers: Check = {
  name: "workers",
  needs: "store",
  run: async ({ instanceId, read }) => {
    const { alive, oldestDueAt, now } = await read((tx) => readWorkers(tx, instanceId));
    const lateMs = oldestDueAt === null ? 0 : now.getTime() - oldestDueAt.getTime();
    const who =
      alive.length === 0
        ? "Nobody delivers"
        : alive.length === 1
          ? "One server delivers"
          : `${alive.length} servers deliver`;
    if (lateMs > LATE_MS) {
      const mend = "Start a server with deliveries.enabled, or see the queues above.";
      return [warning(`${who}, and a delivery has been due for ${spanOf(lateMs)}.`, mend)];
    }
    return [ok(`${who}, and nothing waits for longer than it should.`)];
  },
};
