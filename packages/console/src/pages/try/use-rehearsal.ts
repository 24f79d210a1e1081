import type { MessageInitShape } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import {
  TryService,
  type RehearseRunsRequestSchema,
  type RehearseRunsResponse,
} from "@interpose/protocol/gen/interpose/v1/try_service_pb";
import { useEffect, useRef, useState } from "react";

/** How a rehearsal stands. */
export interface Rehearsal {
  readonly state: "idle" | "running" | "stopped" | "done" | "failed";
  /** Runs that were rehearsed or skipped, in the order in which they were done. */
  readonly results: readonly RehearseRunsResponse[];
  /** Undefined: it is not known yet. */
  readonly totalCount: number | undefined;
  readonly error: unknown;
}

/** Results come faster than pictures: those of this time are shown together, in milliseconds. */
const SHOW_MS = 100;
const IDLE: Rehearsal = { state: "idle", results: [], totalCount: undefined, error: undefined };

/** A rehearsal that can be started, and stopped; it is stopped when the page is left. */
export function useRehearsal(): {
  readonly rehearsal: Rehearsal;
  readonly start: (request: MessageInitShape<typeof RehearseRunsRequestSchema>) => void;
  readonly stop: () => void;
} {
  const transport = useTransport();
  const [rehearsal, setRehearsal] = useState(IDLE);
  const current = useRef<AbortController>(undefined);
  useEffect(() => () => current.current?.abort(), []);
  const start = async (request: MessageInitShape<typeof RehearseRunsRequestSchema>): Promise<void> => {
    current.current?.abort();
    const controller = new AbortController();
    current.current = controller;
    const results: RehearseRunsResponse[] = [];
    let totalCount: number | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = (state: Rehearsal["state"], error?: unknown): void => {
      clearTimeout(timer);
      timer = undefined;
      // Another one was started meanwhile.
      if (current.current !== controller) return;
      setRehearsal({ state, results: [...results], totalCount, error });
    };
    show("running");
    try {
      for await (const answer of createClient(TryService, transport).rehearseRuns(request, {
        signal: controller.signal,
      })) {
        totalCount = answer.totalCount;
        // The first one says how many there are, and tells of none.
        if (answer.run) results.push(answer);
        timer ??= setTimeout(() => show("running"), SHOW_MS);
      }
      show("done");
    } catch (error) {
      show(controller.signal.aborted ? "stopped" : "failed", error);
    }
  };
  return { rehearsal, start: (request) => void start(request), stop: () => current.current?.abort() };
}
