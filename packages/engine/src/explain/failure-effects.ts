import type { CallFailure } from "../call.ts";
import { attemptOutcome } from "../delivery/attempt-outcome.ts";
import { completeDeliverySettings } from "../delivery/settings.ts";
import type { Gate } from "../delivery/stages.ts";
import { effectOfFailure } from "../policies.ts";
import type { Target } from "../target.ts";

/** What failures of one target mean that all mean the same. */
export interface ExplainedEffect {
  /** Kinds of failure; `status 410` and the like where one status means something else than the others. */
  readonly failures: readonly string[];
  /**
   * `ignored`: the next target is called. `refused`: the caller is answered the error. Of deliveries: `retried`, `held` (until the target's queue goes on) and `dead`.
   */
  readonly effect: "ignored" | "refused" | "retried" | "held" | "dead";
  /** What the caller is answered where it is refused, and what comes next of a delivery. */
  readonly answer: string;
}

/** Every kind of failure, with what it can befall: a kind that is missing does not compile. */
const BEFALLS: Readonly<Record<CallFailure, "calls" | "all" | "replies that are applied">> = {
  dns: "all",
  egress_denied: "all",
  connect: "all",
  tls: "all",
  timeout: "all",
  exchange: "all",
  status: "all",
  redirect: "all",
  reply_too_large: "all",
  payload_too_large: "all",
  unsealable: "all",
  authorization: "all",
  refused: "all",
  reply_not_json: "replies that are applied",
  reply_mismatch: "replies that are applied",
  deadline: "calls",
  cancelled: "all",
};
const FAILURES = Object.keys(BEFALLS) as readonly CallFailure[];

/** Stands for the id of a run that has none yet. */
const ANY_RUN = "RUN_ID";

/** What the policies do for each kind of failure of a target within a run. */
export function effectsInRun(target: Target, subject: "message" | "function"): readonly ExplainedEffect[] {
  const possible = FAILURES.filter(
    (failure) => BEFALLS[failure] !== "replies that are applied" || target.type === "call",
  );
  return grouped(
    possible.map((failure): ExplainedEffect => {
      const refusal = {
        code: "failed_precondition",
        id: "EXEC-reUaUZCzCp",
        text: "(the text that the target answers)",
      } as const;
      const effect = effectOfFailure(failure, { target, runId: ANY_RUN, subject, refusal });
      if (effect.kind === "ignored") return { failures: [failure], effect: "ignored", answer: "" };
      const { code, message } = effect.error;
      const told = `${failure === "refused" ? "(the code that the target answers)" : code}: ${message}`;
      return { failures: [failure], effect: "refused", answer: told };
    }),
  );
}

/** Statuses that deliveries take for something else than a failure. */
const STATUSES = [410, 429, 503];

/** What comes of a delivery for each kind of failure of its first attempt. `gate`: what those wait for that are told after it. */
export function effectsOfDelivery(target: Target, gate: Gate | undefined): readonly ExplainedEffect[] {
  const { retryDelaysMs } = completeDeliverySettings(target.delivery);
  const situation = { failures: 0, retryDelaysMs, random: 0.5 };
  const skipped = gate === "success" ? " The targets after it are skipped." : "";
  const dead = `It is a dead letter at once.${skipped}`;
  const schedule = retryDelaysMs.map(durationText).join(", ");
  const retried = `It is attempted again after ${schedule}; after that it is a dead letter.${skipped}`;

  function effectOf(name: string, exchange: Parameters<typeof attemptOutcome>[0]): ExplainedEffect {
    const { decision, sign } = attemptOutcome(exchange, situation);
    switch (decision.kind) {
      case "held":
        return { failures: [name], effect: "held", answer: "The target's queue is paused, until somebody resumes it." };
      case "retry":
        if (decision.delayMs === 0)
          return { failures: [name], effect: "retried", answer: "It was given up here, and is attempted again." };
        return {
          failures: [name],
          effect: "retried",
          answer: sign.kind === "slow" ? `${retried} The target asks for time, and all its queue slows down.` : retried,
        };
      case "dead":
        return { failures: [name], effect: "dead", answer: dead };
      case "succeeded":
        throw new Error(`${name} is no failure`);
    }
  }

  const failures = FAILURES.filter((failure) => BEFALLS[failure] === "all" && failure !== "refused");
  return grouped([
    ...failures.map((failure) => effectOf(failure, { kind: "failed", failure })),
    ...STATUSES.map((status) => effectOf(`status ${status}`, { kind: "failed", failure: "status", status })),
    effectOf("refused", { kind: "replied", status: 200, body: '{"forwardedStatusCode": 400}' }),
  ]);
}

/** One entry for all that mean the same, in the order of their first failures. */
function grouped(effects: readonly ExplainedEffect[]): readonly ExplainedEffect[] {
  const groups = Map.groupBy(effects, ({ effect, answer }) => `${effect} ${answer}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first ? [{ ...first, failures: group.flatMap(({ failures }) => failures) }] : [];
  });
}

const UNITS = [
  { ms: 86_400_000, name: "d" },
  { ms: 3_600_000, name: "h" },
  { ms: 60_000, name: "min" },
  { ms: 1_000, name: "s" },
] as const;

/** A duration in the largest unit of which it is a whole number: `30 s`, `2 min`, `1500 ms`. */
export function durationText(ms: number): string {
  const unit = UNITS.find((each) => ms >= each.ms && ms % each.ms === 0);
  return unit ? `${ms / unit.ms} ${unit.name}` : `${ms} ms`;
}
