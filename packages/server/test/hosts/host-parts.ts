import type { Snapshot } from "@interpose/engine";
import type { RunPlan } from "../../src/hosts/run-plan.ts";

/** What runs executions in a host: the part of Interpose that all hosts share. */
export interface HostParts {
  readonly snapshot: () => Snapshot;
  readonly run: RunPlan;
}
