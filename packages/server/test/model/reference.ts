/** A target as the model knows it. */
export interface ModelTarget {
  readonly id: string;
  readonly endpoint: number;
  readonly type: "restWebhook" | "restCall" | "restAsync";
  readonly interruptOnError: boolean;
}

/** An execution as the model knows it. */
export interface ModelExecution {
  readonly targets: readonly ModelTarget[];
  readonly fifoBy: "" | "aggregate" | "payload.key";
}

/** An event that a server has acknowledged. */
export interface ModelEvent {
  readonly idempotencyKey: string;
  readonly type: string;
  readonly aggregateId: string;
  readonly key: string;
  /** What it must lead to, by the executions of that moment. */
  readonly executionId: string | undefined;
  readonly targets: readonly ModelTarget[];
  readonly fifoBy: ModelExecution["fifoBy"];
}

/** Executions by id, and which of them an event meets: its type before its nearest group before all. */
export interface Reference {
  readonly executions: Map<string, ModelExecution>;
  readonly events: ModelEvent[];
  executionFor(type: string): string | undefined;
}

/** What the store should come to, said in the simplest way that there is. */
export function createReference(): Reference {
  const executions = new Map<string, ModelExecution>();
  return {
    executions,
    events: [],
    executionFor(type) {
      const parts = type.split(".");
      const groups = parts.slice(1).map((_part, i) => `event/${parts.slice(0, parts.length - 1 - i).join(".")}.*`);
      return [`event/${type}`, ...groups, "event"].find((id) => executions.has(id));
    },
  };
}
