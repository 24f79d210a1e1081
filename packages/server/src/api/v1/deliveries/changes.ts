import type { Queryable } from "../../../store/database.ts";
import type { DeliveryFilter } from "../../../store/sql/delivery-filter.ts";
import { newestDeliveryId } from "../../../store/sql/newest-delivery-id.ts";
import { readClock } from "../../../store/sql/read-clock.ts";
import {
  selectDeliveryVersions,
  selectOpenDeliveryVersions,
  type DeliveryVersion,
} from "../../../store/sql/select-delivery-versions.ts";
import { selectNewDeliveryIds } from "../../../store/sql/select-new-delivery-ids.ts";
import { createMissingIds } from "../missing-ids.ts";

/** Most deliveries that are followed from change to change: what is not over, and what was over last. */
const MOST_FOLLOWED = 5_000;
/** Most new ones that one look takes; the rest is for the next. */
const MOST_NEW = 5_000;
/** Most that a look finds to be over. A reader that leaves more than that aside misses the oldest. */
const MOST_ENDED = 20_000;
/** How long what has ended may take until it is committed, and is looked for again and again. */
const COMMIT_SLACK_MS = 2_000;

/** Follows deliveries of one filter. */
export interface DeliveryChanges {
  /** Ids of what has changed since the last look. `isBehind`: there is more already. */
  look(): Promise<{ readonly ids: readonly bigint[]; readonly isBehind: boolean }>;
}

/**
 * Begins to follow. Nothing is written for it, and who delivers does nothing for it: each look reads what is new by its ids, what is over by its end, and what it
 * follows by its ids. So many that are not over and match a filter are followed from change to change; of what is beyond, it is known when it is over.
 */
export async function followDeliveries(
  db: Queryable,
  instanceId: string,
  filter: DeliveryFilter,
): Promise<DeliveryChanges> {
  let newest = await newestDeliveryId(db);
  let lookedAt = await readClock(db);
  const missing = createMissingIds();
  /** Versions by id; those that changed last stand last. */
  const followed = new Map<bigint, DeliveryVersion>();
  /** What was found to be over a short time ago, and is found so again for a while. */
  const over = new Map<bigint, { readonly version: string; readonly foundAt: number }>();

  function follow(version: DeliveryVersion): void {
    followed.delete(version.id);
    followed.set(version.id, version);
    if (version.isOver) over.set(version.id, { version: version.version, foundAt: lookedAt.getTime() });
  }
  /** Forgets what need not be known any more, and of what is followed the oldest; first of that what is over. */
  function forget(): void {
    for (const [id, { foundAt }] of over) {
      if (lookedAt.getTime() - foundAt <= 2 * COMMIT_SLACK_MS) break;
      over.delete(id);
    }
    for (const isOver of [true, false]) {
      for (const [id, version] of followed) {
        if (followed.size <= MOST_FOLLOWED) return;
        if (version.isOver === isOver) followed.delete(id);
      }
    }
  }
  const select = (ids: readonly bigint[]): Promise<readonly DeliveryVersion[]> =>
    selectDeliveryVersions(db, instanceId, {
      filter,
      ids,
      endedFrom: new Date(lookedAt.getTime() - COMMIT_SLACK_MS),
      limit: MOST_ENDED,
    });

  // What is so already is no news.
  const open = await selectOpenDeliveryVersions(db, instanceId, filter, MOST_FOLLOWED);
  for (const version of [...(await select([])), ...open.toReversed()]) follow(version);
  return {
    async look() {
      const now = await readClock(db);
      const found = await selectNewDeliveryIds(db, { behind: newest, missing: missing.list(now), limit: MOST_NEW });
      newest = missing.found(found, newest, now);
      const versions = await select([...found, ...followed.keys()]);
      lookedAt = now;
      const changed = versions.filter(({ id, version }) => (followed.get(id) ?? over.get(id))?.version !== version);
      changed.forEach(follow);
      forget();
      return { ids: changed.map(({ id }) => id).sort(byNumber), isBehind: found.length >= MOST_NEW };
    },
  };
}

function byNumber(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
