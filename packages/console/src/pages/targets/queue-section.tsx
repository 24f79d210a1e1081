import { useMutation, useQuery } from "@connectrpc/connect-query";
import {
  PausedBy,
  QueueState,
  TargetService,
  type DeliveryCount,
  type TargetQueue,
} from "@interpose/protocol/gen/interpose/v1/target_service_pb";
import { useState, type SubmitEvent } from "react";
import { Badge, type Tone } from "../../components/badge.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Facts } from "../../components/facts.tsx";
import { TextField } from "../../components/fields.tsx";
import { readForm } from "../../components/form.ts";
import { Loading } from "../../components/loading.tsx";
import { Section } from "../../components/page.tsx";
import { useToast } from "../../components/toast.tsx";
import { When } from "../../components/when.tsx";

/** How often the queue is asked for anew, in milliseconds. */
const REFRESH_MS = 5_000;

const STATES: Readonly<Record<QueueState, readonly [Tone, string]>> = {
  [QueueState.UNSPECIFIED]: ["plain", "Unknown"],
  [QueueState.ACTIVE]: ["good", "Active"],
  [QueueState.PAUSED]: ["warn", "Paused"],
  [QueueState.SLOWED]: ["warn", "Slowed: the target asked for time"],
  [QueueState.BROKEN]: ["bad", "Broken: the target failed too often"],
};

const PAUSERS: Readonly<Record<PausedBy, string | undefined>> = {
  [PausedBy.UNSPECIFIED]: undefined,
  [PausedBy.OPERATOR]: "somebody, by hand",
  [PausedBy.TARGET]: "the target, which answered that it is gone (410)",
  [PausedBy.LOOP]: "Interpose: events and deliveries led to each other without end",
};

/** How deliveries to a target stand, and what holds them or lets them go. */
export function QueueSection({ targetId }: { readonly targetId: string }) {
  const toast = useToast();
  const [isPausing, setPausing] = useState(false);
  const { data, error, refetch } = useQuery(
    TargetService.method.getTargetQueue,
    { targetId },
    { refetchInterval: REFRESH_MS },
  );
  const resume = useMutation(TargetService.method.resumeTarget, {
    onSuccess: () => toast({ text: "Deliveries go on.", undo: () => pause.mutate({ targetId }) }),
  });
  const pause = useMutation(TargetService.method.pauseTarget, {
    onSuccess: () => {
      setPausing(false);
      toast({ text: "Deliveries are paused.", undo: () => resume.mutate({ targetId }) });
    },
  });
  const queue = data?.queue;
  const submitPause = (event: SubmitEvent<HTMLFormElement>): void => {
    pause.mutate({ targetId, reason: readForm(event).text("reason") });
  };
  return (
    <Section
      title="Deliveries"
      actions={
        queue &&
        (queue.state === QueueState.ACTIVE ? (
          <button type="button" className="button" onClick={() => setPausing(true)}>
            Pause
          </button>
        ) : (
          <button
            type="button"
            className="button primary"
            disabled={resume.isPending}
            onClick={() => resume.mutate({ targetId, reason: "" })}
          >
            Resume
          </button>
        ))
      }
    >
      {error && <ErrorNotice error={error} retry={refetch} />}
      {resume.error && <ErrorNotice error={resume.error} />}
      {!queue && !error && <Loading what="the queue" />}
      {queue && <QueueFacts queue={queue} />}
      {isPausing && (
        <Dialog title="Pause deliveries to this target?" onClose={() => setPausing(false)}>
          <p>Events go on to cause deliveries, which wait until it is resumed. Requests and responses are not held.</p>
          <form className="form" onSubmit={submitPause}>
            <TextField
              label="Why"
              name="reason"
              maxLength={500}
              hint="For people who wonder later."
              autoComplete="off"
            />
            {pause.error && <ErrorNotice error={pause.error} />}
            <div className="dialog-end">
              <button type="button" className="button" onClick={() => setPausing(false)}>
                Cancel
              </button>
              <button type="submit" className="button primary" disabled={pause.isPending}>
                Pause deliveries
              </button>
            </div>
          </form>
        </Dialog>
      )}
    </Section>
  );
}

function QueueFacts({ queue }: { readonly queue: TargetQueue }) {
  const [tone, label] = STATES[queue.state];
  return (
    <Facts
      facts={{
        State: <Badge tone={tone}>{label}</Badge>,
        Since: queue.since && <When at={queue.since} />,
        "Paused by": PAUSERS[queue.pausedBy],
        Why: queue.reason === "" ? undefined : queue.reason,
        Until: queue.until && <When at={queue.until} />,
        Waiting: (
          <>
            {countText(queue.waiting)}
            {queue.oldestWaitingTime && (
              <>
                , the oldest since <When at={queue.oldestWaitingTime} />
              </>
            )}
          </>
        ),
        Running: String(queue.runningCount),
        "Behind others": countText(queue.blocked, queue.queued),
        Dead: countText(queue.dead),
      }}
    />
  );
}

/** How many, all together; counting ends at some number, and then there are more. */
function countText(...counts: readonly (DeliveryCount | undefined)[]): string {
  const sum = counts.reduce((total, each) => total + (each?.count ?? 0), 0);
  return `${sum.toLocaleString("en")}${counts.some((each) => each?.hasMore) ? " or more" : ""}`;
}
