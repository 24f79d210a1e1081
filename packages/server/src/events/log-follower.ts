import type { Queryable } from "../store/database.ts";
import { readLogEnd, readLogPlaces, readLogWriters } from "../store/sql/read-log.ts";
import type { LogFilter } from "../store/sql/log-filter.ts";

/** Places that one look takes. */
const MOST_PLACES = 1_000;

/** Follows the log of an instance. */
export interface LogFollower {
  /** Where it begins: everything behind it is found. Undefined as long as that is not certain: look again. */
  begin(): Promise<bigint | undefined>;
  /** Takes what comes next. Once it has begun. */
  look(): Promise<LogLook>;
}

/** What one look has found. */
export interface LogLook {
  /** Places of events that match, in the order of the log. */
  readonly found: readonly bigint[];
  /** Up to here everything was found. */
  readonly position: bigint;
  /** Whether there may be more already. */
  readonly isBehind: boolean;
}

/**
 * Follows the log by position, without leaving anything out: events get their places before they are committed, so that a later place can be seen while an
 * earlier one is still to come. A look therefore ends before the first gap that may be filled yet. A gap is *open* when it is met; whoever appends at that moment is
 * noted; when all of these are over, whatever of their events is not there never will be, and the gap is *settled*: a transaction that was rolled back, an event
 * that was pruned. Events of one aggregate have places in their sequence, by the lock of the aggregate.
 */
export function createLogFollower(
  db: Queryable,
  instanceId: string,
  { after, filter }: { readonly after: bigint | undefined; readonly filter: LogFilter },
): LogFollower {
  let position = after;
  /** In reads from now on, what is not there at a place up to here never will be. */
  let settled = 0n;
  let open: { readonly upTo: bigint; readonly writers: ReadonlySet<string> } | undefined;

  /** Notes who appends now, after places up to `upTo` have been given. */
  async function openUpTo(upTo: bigint): Promise<void> {
    open = { upTo, writers: await readLogWriters(db) };
  }
  async function settle(): Promise<void> {
    if (!open) return;
    const { upTo, writers } = open;
    if (writers.size > 0) {
      const now = await readLogWriters(db);
      for (const writer of writers) if (now.has(writer)) return;
    }
    settled = upTo;
    open = undefined;
  }

  return {
    async begin() {
      if (position !== undefined) return position;
      // What is committed from now on is behind the end of now, once those are over who append at this moment.
      if (!open) await openUpTo((await readLogEnd(db)).last);
      const end = open?.upTo;
      await settle();
      if (!open) position = end;
      return position;
    },

    async look() {
      await settle();
      const behind = position ?? 0n;
      const places = await readLogPlaces(db, instanceId, { after: behind, limit: MOST_PLACES, filter });
      const found: bigint[] = [];
      let end = behind;
      for (const place of places) {
        if (place.position > end + 1n && place.position - 1n > settled) break;
        end = place.position;
        if (place.matches) found.push(place.position);
      }
      position = end;
      const last = places.at(-1)?.position ?? end;
      const isHeldUp = last > end;
      if (isHeldUp && !open) await openUpTo(last);
      return { found, position: end, isBehind: isHeldUp ? open?.writers.size === 0 : places.length === MOST_PLACES };
    },
  };
}
