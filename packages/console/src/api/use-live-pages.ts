import { useQueryClient, type InfiniteData, type QueryKey } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { mergeIntoPages, type Identified } from "./live-pages.ts";

/** Most rows that a list holds, and most that wait to be put into it. */
export const MAX_ROWS = 1_000;
/** How often what was told of is put into the list, in milliseconds. */
const APPLY_MS = 500;
/** How long screen readers are left alone between two messages, in milliseconds. */
const ANNOUNCE_MS = 5_000;

interface LivePagesOptions<Row, Page> {
  /** Key of the infinite query that has the list. */
  readonly queryKey: QueryKey;
  /** Whether that is being asked: what comes meanwhile waits, so that the answer does not undo it. */
  readonly isFetching: boolean;
  readonly refetch: () => unknown;
  /** Nothing changes meanwhile. */
  readonly isPaused: boolean;
  /** Nothing moves meanwhile: rows change in place, and new ones wait. */
  readonly isHeld: boolean;
  readonly rowsOf: (page: Page) => readonly Row[];
  readonly withRows: (page: Page, rows: readonly Row[]) => Page;
  /** What one row is, and several: "run", "runs". */
  readonly words: readonly [one: string, several: string];
}

/** What a list does with what a stream tells it of. */
export interface LivePages<Row> {
  /** Takes a row that the stream told of. */
  readonly tell: (row: Row) => void;
  /** How many new rows wait to be shown. */
  readonly waitingCount: number;
  /** Shows them. */
  readonly showWaiting: () => void;
  /** What screen readers are to be told. */
  readonly announcement: string;
}

/** Puts what a stream tells of into the pages of a list, a few times a second, within bounds, and not while somebody reads or points at it. */
export function useLivePages<Row extends Identified, Page extends { readonly nextPageToken: string }>({
  queryKey,
  isFetching,
  refetch,
  isPaused,
  isHeld,
  rowsOf,
  withRows,
  words: [one, several],
}: LivePagesOptions<Row, Page>): LivePages<Row> {
  const client = useQueryClient();
  const buffer = useRef(new Map<string, Row>());
  const isOverfull = useRef(false);
  const unsaid = useRef({ count: 0, saidAt: 0 });
  const [waitingCount, setWaitingCount] = useState(0);
  const [announcement, setAnnouncement] = useState("");

  const apply = (adds: boolean): void => {
    const told = [...buffer.current.values()];
    buffer.current.clear();
    client.setQueryData<InfiniteData<Page>>(queryKey, (data) => {
      const last = data?.pages.at(-1);
      if (!data || !last) return data;
      const merged = mergeIntoPages(data.pages.map(rowsOf), told, {
        adds,
        hasMore: last.nextPageToken !== "",
        maxRows: MAX_ROWS,
      });
      for (const row of merged.left) buffer.current.set(row.id, row);
      unsaid.current.count += merged.addedCount;
      const pages = merged.pages.flatMap((rows, at) => {
        const page = data.pages[at];
        if (!page) return [];
        return [merged.isCut ? { ...withRows(page, rows), nextPageToken: "" } : withRows(page, rows)];
      });
      return { pages, pageParams: data.pageParams.slice(0, pages.length) };
    });
    setWaitingCount(buffer.current.size);
  };
  const tick = useEffectEvent((): void => {
    if (buffer.current.size > 0) {
      if (isPaused || isFetching || isOverfull.current) setWaitingCount(buffer.current.size);
      else apply(!isHeld);
    }
    const { count, saidAt } = unsaid.current;
    if (isPaused || count === 0 || Date.now() - saidAt < ANNOUNCE_MS) return;
    unsaid.current = { count: 0, saidAt: Date.now() };
    setAnnouncement(`${count} new ${count === 1 ? one : several}`);
  });
  useEffect(() => {
    const timer = setInterval(() => tick(), APPLY_MS);
    return () => clearInterval(timer);
  }, []);

  return {
    tell: (row) => {
      // What is too much to hold is asked for anew, once it is wanted.
      if (buffer.current.size >= MAX_ROWS && !buffer.current.has(row.id)) isOverfull.current = true;
      else buffer.current.set(row.id, row);
    },
    waitingCount,
    showWaiting: () => {
      if (!isOverfull.current) {
        apply(true);
        return;
      }
      isOverfull.current = false;
      buffer.current.clear();
      setWaitingCount(0);
      void refetch();
    },
    announcement,
  };
}
