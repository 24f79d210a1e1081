import { pino, type Logger } from "pino";
import { PinoPretty } from "pino-pretty";
import { createIsoTime } from "./iso-time.ts";

/** Every event that is logged, and what each says. Logs, metrics and tests share these names. */
export interface LogEvents {
  "server.started": { url: string; store: string; version: string };
  "server.stopping": { reason: string };
  "server.stopped": { clean: boolean };
  "call.ended": {
    method: string;
    protocol: string;
    code: string;
    durationMs: number;
    userId?: string | undefined;
    /** How many a stream has sent. */
    messages?: number;
    /** What the client was told, and what led to it. */
    error?: unknown;
  };
  /** An access token of an issuer was refused, or, at a gateway, proves nobody. Its sender is not told why. */
  "token.refused": { reason: string; gateway?: string };
  /** A fault of our own before or beside a call, whose client was told of an internal error. */
  "request.failed": { path: string; error: unknown };
  "run.ended": {
    runId: string;
    side: "request" | "response" | "function";
    /** Of the message; there is none where a function was invoked. */
    method?: string;
    executionId: string;
    /** 1, or more where a target's own call led to the run. */
    depth: number;
    outcome: "passed" | "refused";
    /** Why it was refused. */
    reason?: string | undefined;
    calls: readonly unknown[];
  };
  /** What a shadow answered came to something else than what the target beside it did. */
  "shadow.differed": {
    runId: string;
    targetId: string;
    /** The target that it was compared with; there may be none. */
    besideId?: string | undefined;
    /** What would have followed, had it been called in earnest. */
    effect: string;
    failure?: string | undefined;
    /** In how many places the message would be other. */
    differences: number;
  };
  /** Shadows were left out, since there were too many under way. */
  "shadow.dropped": { count: number };
  "target.background_call": { targetId: string; outcome: string; durationMs: number };
  /** The API behind a gateway has other methods than before. Executions on those that vanished stay, and refuse their calls. */
  "gateway.methods_changed": { gateway: string; came: readonly string[]; vanished: readonly string[] };
  /** The API behind a gateway could not be described. What was known of it stays. */
  "gateway.not_described": { gateway: string; reason: string };
  /** A fault of our own within a gateway, that ended a connection. */
  "gateway.failed": { gateway: string; error: unknown };
  "router.load_failed": { error: unknown };
  "delivery.attempted": {
    deliveryId: string;
    targetId: string;
    /** From 1. */
    attempt: number;
    outcome: string;
    decision: string;
    durationMs: number;
  };
  /** Nothing is delivered to a target until an operator resumes it. */
  "queue.paused": { targetId: string };
  /** A target fails, and is left alone for a while. */
  "queue.broken": { targetId: string };
  "queue.resumed": { targetId: string };
  /** A target is gone, and so is all that was to be delivered to it. */
  "queue.ended": { targetId: string };
  "worker.started": { worker: string };
  "worker.stopped": { worker: string };
  "worker.queues_acquired": { worker: string; queues: number };
  "worker.queues_released": { worker: string; queues: number };
  /** The store was away for so long that others may have taken the queues. */
  "worker.lease_lost": { worker: string; queues: number };
  /** A statement of a worker failed, and is tried again. */
  "worker.failed": { worker: string; doing: string; error: unknown };
  /** Owners of queues could not be told of events that were published here, and find them by themselves. That is tried again. */
  "owners.not_told": { error: unknown };
  /** What is too old, or too much, was deleted of the record of deliveries. */
  "record.pruned": { deliveries: number; events: number };
  "record.prune_failed": { error: unknown };
  /** Runs were left out of the record, for there were too many at once. */
  "runs.dropped": { count: number };
  /** The store refused what was to be recorded of runs. */
  "runs.not_written": { count: number; error: unknown };
  /** What is too old, or too much, was deleted of the record of runs. */
  "runs.pruned": { runs: number };
  "runs.prune_failed": { error: unknown };
  /** Targets that were made before there were signing keys have got theirs. */
  "keys.given": { targets: number };
  /** A sealed key cannot be used: calls of its target fail, or, for one of the instance, all that it should sign. */
  "keys.unreadable": { targetId?: string; keyId: string; reason: string };
  "keys.rotation_failed": { error: unknown };
  "store.lost": { error: unknown };
}

/** How loud an event is; what is not named is `info`. */
const LEVELS: Partial<Record<keyof LogEvents, "debug" | "warn" | "error">> = {
  "shadow.dropped": "warn",
  "target.background_call": "debug",
  "request.failed": "error",
  "gateway.failed": "error",
  "gateway.not_described": "warn",
  "router.load_failed": "warn",
  "delivery.attempted": "debug",
  "worker.started": "debug",
  "worker.stopped": "debug",
  "worker.queues_acquired": "debug",
  "worker.queues_released": "debug",
  "queue.paused": "warn",
  "queue.broken": "warn",
  "worker.lease_lost": "warn",
  "worker.failed": "warn",
  "owners.not_told": "warn",
  "record.prune_failed": "warn",
  "runs.dropped": "warn",
  "runs.not_written": "warn",
  "runs.prune_failed": "warn",
  "keys.unreadable": "error",
  "keys.rotation_failed": "warn",
  "store.lost": "error",
};

/** Writes one wide event, at the end of the work that it tells of. */
export type Log = <E extends keyof LogEvents>(event: E, fields: LogEvents[E]) => void;

/** Choices of a log. */
export interface LogOptions {
  readonly level: "debug" | "info" | "warn" | "error" | "silent";
  /** `auto`: text on a terminal, JSON elsewhere. */
  readonly format: "json" | "text" | "auto";
}

/** A log to standard error: standard output belongs to what commands answer. */
export function createLog({ level, format }: LogOptions): Log {
  const text = format === "text" || (format === "auto" && process.stderr.isTTY);
  const isoTime = createIsoTime(Date.now);
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${isoTime()}"`,
    serializers: { error: pino.stdSerializers.errWithCause },
  };
  const logger: Logger = text
    ? pino(options, PinoPretty({ destination: 2, sync: true, messageKey: "event", colorize: process.stderr.isTTY }))
    : pino(options, pino.destination({ dest: 2, sync: true }));
  return (event, fields) => {
    const loudness = LEVELS[event] ?? "info";
    if (logger.isLevelEnabled(loudness)) logger[loudness]({ event, ...fields });
  };
}
