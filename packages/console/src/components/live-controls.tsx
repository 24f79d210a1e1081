import type { LivePages } from "../api/use-live-pages.ts";
import type { WatchState } from "../api/use-watch.ts";
import { LiveBadge } from "./live-badge.tsx";
import { Badge } from "./badge.tsx";

interface LiveControlsProps {
  readonly state: WatchState;
  /** What is followed, such as "runs". */
  readonly what: string;
  readonly isPaused: boolean;
  readonly onPause: (isPaused: boolean) => void;
  /** What becomes of what the stream tells. */
  readonly live: Pick<LivePages<unknown>, "waitingCount" | "showWaiting" | "announcement">;
  /** Asks for the list anew. */
  readonly reload: () => unknown;
}

/** Whether a list is live, what holds it, and what waits. It keeps its height, so that nothing below it moves. */
export function LiveControls({
  state,
  what,
  isPaused,
  onPause,
  live: { waitingCount, showWaiting, announcement },
  reload,
}: LiveControlsProps) {
  const pauseOrGoOn = (): void => {
    onPause(!isPaused);
    if (!isPaused) return;
    showWaiting();
    // The stream may have been away meanwhile.
    void reload();
  };
  return (
    <div className="live-controls">
      {isPaused ? <Badge tone="warn">Paused</Badge> : <LiveBadge state={state} />}
      {state.kind !== "off" && (
        <button type="button" className="button small" onClick={pauseOrGoOn}>
          {isPaused ? "Go on" : "Pause"}
        </button>
      )}
      {state.kind !== "live" && (
        <button type="button" className="button small" onClick={() => void reload()}>
          Reload
        </button>
      )}
      {waitingCount > 0 && (
        <button type="button" className="button small primary" onClick={showWaiting}>
          Show {waitingCount} new
        </button>
      )}
      <span className="only-read" role="status" aria-label={`New ${what}`}>
        {announcement}
      </span>
    </div>
  );
}
