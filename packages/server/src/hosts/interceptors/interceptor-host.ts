import type { DescService } from "@bufbuild/protobuf";
import type { Snapshot } from "@interpose/engine";
import type { RunPlan } from "../run-plan.ts";

/** What an interceptor needs of the Interpose that it belongs to. */
export interface InterceptorHost {
  readonly instanceId: string;
  /** The executions in force at this moment. */
  readonly snapshot: () => Snapshot;
  readonly run: RunPlan;
  /** Names of the headers that targets are shown. */
  readonly shownHeaders: readonly string[];
  /** Told of services that an interceptor stands before, so that conditions can name them. Those that are known already change nothing. */
  readonly learn: (services: readonly DescService[]) => void;
}
