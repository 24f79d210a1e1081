import type { WatchState } from "../api/use-watch.ts";
import { LiveBadge } from "./live-badge.tsx";
import { Badge } from "./badge.tsx";

interface LiveControlsProps {
  readonly state: WatchState;
  /** What is followed, such as "runs". */
  readonly what: string;
  readonly isPaused: boolean;
  readonly onPause: (isPaused: boolean) => void;
  /** How many new rows wait to be shown. */
  readonly waitingCount: number;
  readonly onShow: () => void;
  readonly onReload: () => unknown;
  /** What screen readers are told. */
  readonly announcement: string;
}

/** Whether a list is live, what holds it, and what waits. It keeps its height, so that nothing below it moves. */
export function LiveControls({
  state,
  what,
  isPaused,
  onPause,
  waitingCount,
  onShow,
  onReload,
  announcement,
}: LiveControlsProps) {
  return (
    <div className="live-controls">
      {isPaused ? <Badge tone="warn">Paused</Badge> : <LiveBadge state={state} />}
      {state.kind !== "off" && (
        <button type="button" className="button small" onClick={() => onPause(!isPaused)}>
          {isPaused ? "Go on" : "Pause"}
        </button>
      )}
      {state.kind !== "live" && (
        <button type="button" className="button small" onClick={() => void onReload()}>
          Reload
        </button>
      )}
      {waitingCount > 0 && (
        <button type="button" className="button small primary" onClick={onShow}>
          Show {waitingCount} new
        </button>
      )}
      <span className="only-read" role="status" aria-label={`New ${what}`}>
        {announcement}
      </span>
    </div>
  );
}
