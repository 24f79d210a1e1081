import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { DeliveryService } from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { problemFrom } from "../../api/problem.ts";
import { Dialog } from "../../components/dialog.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { ProgressBar } from "../../components/progress-bar.tsx";
import { BEGINNING, runBulk, type BulkPlace } from "./bulk.ts";
import { changeStep, countStep, type BulkOrder } from "./bulk-orders.ts";

interface BulkDialogProps {
  readonly order: BulkOrder;
  /** Told when it is closed; whether all was done. */
  readonly onClose: (isDone: boolean) => void;
}

/** counting, asking, then changing and stopped in turn, until it is done. Counting can fail, and so can changing, which then can go on. */
type Stage = "counting" | "asking" | "changing" | "stopped" | "done";

const WORDS = {
  redeliver: {
    verb: "Redeliver",
    doing: "Redelivering",
    done: "set going again",
    means:
      "Each goes on under its own id: it is due at once, and its retry schedule begins anew. Its target is called as it is now.",
  },
  replay: {
    verb: "Replay",
    doing: "Replaying",
    done: "replayed",
    means:
      "Each that is over gets a new delivery, for its target as it is now; the old ones stay as they are. What was told already is told again.",
  },
  cancel: {
    verb: "Cancel",
    doing: "Cancelling",
    done: "cancelled",
    means:
      "Those that are not over end, and their targets are not told. What was cancelled together cannot be taken back together: each can be redelivered.",
  },
} as const;

/** Changes many deliveries: counts them first, asks, shows how far it is, can be stopped, and says what came of it. */
export function BulkDialog({ order, onClose }: BulkDialogProps) {
  const transport = useTransport();
  const queries = useQueryClient();
  const stop = useRef(new AbortController());
  const [stage, setStage] = useState<Stage>("counting");
  const [counted, setCounted] = useState(BEGINNING);
  const [place, setPlace] = useState(BEGINNING);
  const [error, setError] = useState<unknown>();
  const { verb, doing, done, means } = WORDS[order.kind];
  const total = counted.progress.doneCount;

  const advance = (
    step: Parameters<typeof runBulk>[0],
    from: BulkPlace,
    onPlace: (place: BulkPlace) => void,
    after: (isDone: boolean) => void,
  ): void => {
    stop.current = new AbortController();
    const { signal } = stop.current;
    runBulk(step, from, onPlace, signal).then(after, (thrown: unknown) => {
      setError(thrown);
      after(false);
    });
  };
  const count = (): void => {
    const step = countStep(createClient(DeliveryService, transport), order);
    advance(step, counted, setCounted, (isDone) => isDone && setStage("asking"));
  };
  const countAgain = (): void => {
    setError(undefined);
    count();
  };
  const change = (): void => {
    setError(undefined);
    setStage("changing");
    const step = changeStep(createClient(DeliveryService, transport), order, total);
    advance(step, place, setPlace, (isDone) => {
      setStage(isDone ? "done" : "stopped");
      void queries.invalidateQueries();
    });
  };
  const begin = useEffectEvent(count);
  useEffect(() => {
    begin();
    return () => stop.current.abort();
  }, []);

  const close = (): void => {
    if (stage === "changing") stop.current.abort();
    else onClose(stage === "done");
  };
  return (
    <Dialog title={titleOf(stage, verb, total)} onClose={close}>
      {stage === "counting" && <ProgressBar label="Counting" done={total} total={undefined} />}
      {stage === "asking" && (
        <>
          <p>{total === 0 ? "Nothing that matches can be changed like this." : means}</p>
          {counted.progress.leftCount > 0 && (
            <p>{countText(counted.progress.leftCount)} more stay out of it: their target or event is gone.</p>
          )}
        </>
      )}
      {(stage === "changing" || stage === "stopped" || stage === "done") && (
        <>
          <ProgressBar
            label={doing}
            done={place.progress.doneCount + place.progress.leftCount}
            total={Math.max(total, place.progress.doneCount)}
          />
          <div role="status">
            {stage !== "changing" && <Summary place={place} done={done} isStopped={stage === "stopped"} />}
          </div>
        </>
      )}
      {error !== undefined && <ErrorNotice error={error} retry={stage === "counting" ? countAgain : undefined} />}
      <div className="dialog-end">
        <button type="button" className="button" onClick={close}>
          {stage === "changing" ? "Stop" : stage === "stopped" || stage === "done" ? "Close" : "Back"}
        </button>
        {(stage === "asking" || stage === "stopped") && total > 0 && (
          <button type="button" className={`button ${order.kind === "cancel" ? "danger" : "primary"}`} onClick={change}>
            {stage === "stopped" ? "Go on" : `${verb} ${countText(total)}`}
          </button>
        )}
      </div>
    </Dialog>
  );
}

function Summary({
  place: { progress },
  done,
  isStopped,
}: {
  readonly place: BulkPlace;
  readonly done: string;
  readonly isStopped: boolean;
}) {
  const { doneCount, leftCount, firstRefusal } = progress;
  return (
    <>
      <p>
        {isStopped && "Stopped. "}
        {countText(doneCount)} {doneCount === 1 ? "was" : "were"} {done}.
        {leftCount > 0 && ` ${countText(leftCount)} could not be.`}
      </p>
      {firstRefusal !== undefined && <p className="hint">Why, of the first: {problemFrom(firstRefusal).text}</p>}
    </>
  );
}

function titleOf(stage: Stage, verb: string, total: number): string {
  const what = total === 1 ? "1 delivery" : `${countText(total)} deliveries`;
  return stage === "counting" ? `${verb} deliveries` : `${verb} ${what}${stage === "asking" ? "?" : ""}`;
}

function countText(count: number): string {
  return count.toLocaleString("en");
}
