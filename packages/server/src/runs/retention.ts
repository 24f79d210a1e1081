import { firstIdAt } from "../ids.ts";
import type { Log } from "../observe/log.ts";
import type { Database } from "../store/database.ts";
import { estimateRuns } from "../store/sql/estimate-runs.ts";
import { pruneRuns } from "../store/sql/prune-runs.ts";
import { tryPruneLock } from "../store/sql/try-prune-lock.ts";
import { startSweeping, type Sweeping } from "../sweeping.ts";
import { waited } from "../waited.ts";

/** How long runs are kept. 0: without a limit. */
export interface RunRetentionSettings {
  readonly days: number;
  /** About how many are kept; the oldest go first. */
  readonly maxRuns: number;
}

/** What keeps the record of runs in its bounds, and how fast. */
export interface RunRetentionParts {
  readonly database: Database;
  readonly instanceId: string;
  readonly log: Log;
  /** Between two sweeps. Default: 20 seconds. */
  readonly everyMs?: number;
  /** After each batch, so that others have the database to themselves in between. Default: 20 ms. */
  readonly pauseMs?: number;
  /** Runs of a batch, which is a transaction. Default: 1,000. */
  readonly batch?: number;
}

const DAY_MS = 86_400_000;
const LARGEST_ID = 2n ** 63n - 1n;

/** Prunes again and again. */
export function startRunRetention(parts: RunRetentionParts, settings: RunRetentionSettings): Sweeping {
  return startSweeping({
    everyMs: parts.everyMs ?? 20_000,
    createSweep(stopping) {
      const sweep = createRunSweep(parts, settings, stopping);
      return () => sweep(Date.now());
    },
    onError: (error) => parts.log("runs.prune_failed", { error }),
  });
}

/** Makes a sweep, which deletes what is too old, then what is too much, and answers how many runs. Only one server prunes at a time; a sweep ends where another one is at it. */
export function createRunSweep(
  { database, instanceId, log, pauseMs = 20, batch = 1_000 }: RunRetentionParts,
  { days, maxRuns }: RunRetentionSettings,
  stopping: AbortSignal,
): (now: number) => Promise<number> {
  async function prune(before: bigint, most: number): Promise<number> {
    let pruned = 0;
    while (pruned < most) {
      const limit = Math.min(batch, most - pruned);
      const count = await database.transaction(async (tx) =>
        (await tryPruneLock(tx)) ? pruneRuns(tx, instanceId, { before, limit }) : 0,
      );
      pruned += count;
      if (count < limit || !(await waited(pauseMs, stopping))) break;
    }
    return pruned;
  }

  return async (now) => {
    let runs = days > 0 ? await prune(firstIdAt(now - days * DAY_MS), Infinity) : 0;
    const tooMany = maxRuns > 0 ? Math.ceil((await estimateRuns(database)) - maxRuns) : 0;
    if (tooMany > 0) runs += await prune(LARGEST_ID, tooMany);
    if (runs > 0) log("runs.pruned", { runs });
    return runs;
  };
}
