import type { FailureEffect, PlanStep, TargetHealth } from "@interpose/protocol/gen/interpose/v1/explain_service_pb";
import { Link } from "wouter";
import { Badge, type Tone } from "../../components/badge.tsx";
import { ExecutionLink } from "../../components/links.tsx";
import { Table, type Column } from "../../components/table.tsx";

const TYPES: Readonly<Partial<Record<string, string>>> = {
  webhook: "Webhook: waited for, may refuse",
  call: "Call: waited for, may change the message",
  async: "Async: not waited for",
};

const EFFECTS: Readonly<Partial<Record<string, Tone>>> = {
  ignored: "good",
  retried: "info",
  held: "warn",
  refused: "bad",
  dead: "bad",
};

const HELD: Readonly<Partial<Record<string, string>>> = {
  by_hand: "its queue is paused by hand",
  gone: "its queue is held, since it answered that it is gone",
  loop: "its queue is held, since its calls go round in a loop",
  breaker: "its queue is held, since it fails",
  slowed: "its queue is slowed down",
};

const FAILURE_COLUMNS: readonly Column<FailureEffect>[] = [
  { heading: "When it fails by", cell: ({ failures }) => failures.map(spoken).join(", ") },
  { heading: "then", cell: ({ effect }) => <Badge tone={EFFECTS[effect] ?? "plain"}>{effect}</Badge> },
  { heading: "which means", cell: ({ answer }) => answer },
];

/** What would be called, step by step. */
export function Plan({ steps, isEvent }: { readonly steps: readonly PlanStep[]; readonly isEvent: boolean }) {
  return (
    <ol className="plan">
      {steps.map((step) => (
        <li key={step.place}>
          <Step step={step} isEvent={isEvent} />
        </li>
      ))}
    </ol>
  );
}

function Step({ step, isEvent }: { readonly step: PlanStep; readonly isEvent: boolean }) {
  const { place, targetId, targetName, targetType, endpoint, timeoutMs, interruptOnError, includedBy } = step;
  const facts = [
    TYPES[targetType] ?? targetType,
    `${Number(timeoutMs)} ms at most`,
    ...(isEvent || targetType === "async" ? [] : [interruptOnError ? "interrupts on error" : "goes on after an error"]),
  ];
  return (
    <>
      <div className="step-head">
        <span className="step-place" aria-hidden="true">
          {place}
        </span>
        <div>
          <h3>
            <Link href={`/targets/${targetId}`}>{targetName}</Link>
            {step.isShadow && (
              <>
                {" "}
                <Badge tone="plain">shadow: compared, never applied</Badge>
              </>
            )}
          </h3>
          <p className="hint">{facts.join(" · ")}</p>
          {endpoint !== "" && <code>{endpoint}</code>}
          {includedBy.length > 0 && (
            <p className="hint">
              By way of{" "}
              {includedBy.map((id, at) => (
                <span key={id}>
                  {at > 0 && " → "}
                  <ExecutionLink id={id} />
                </span>
              ))}
            </p>
          )}
        </div>
      </div>
      {step.obstacles.length > 0 && (
        <ul className="obstacles" aria-label="What stands in the way">
          {step.obstacles.map((obstacle) => (
            <li key={obstacle}>
              <Badge tone="bad">In the way</Badge> {obstacle}
            </li>
          ))}
        </ul>
      )}
      {step.health && <Health health={step.health} />}
      {step.onFailure.length > 0 && (
        <details>
          <summary>What comes of a failure</summary>
          <Table
            caption={`What comes of failures of ${targetName}`}
            columns={FAILURE_COLUMNS}
            rows={step.onFailure}
            keyOf={({ failures }) => failures.join()}
          />
        </details>
      )}
    </>
  );
}

function Health({ health }: { readonly health: TargetHealth }) {
  const { callCount, failedCallCount, p50Ms, lastFailure, heldBy, waitingCount, hasMoreWaiting } = health;
  const [calls, failed, waiting] = [Number(callCount), Number(failedCallCount), Number(waitingCount)];
  const texts = [
    ...(calls > 0
      ? [`${calls} ${calls === 1 ? "call" : "calls"} within the hour, ${failed === 0 ? "none" : failed} failed`]
      : ["none is on record within the hour"]),
    ...(p50Ms === undefined ? [] : [`${Math.round(p50Ms * 10) / 10} ms in the middle`]),
    ...(lastFailure === "" ? [] : [`last failure: ${lastFailure}`]),
    ...(heldBy === "" ? [] : [HELD[heldBy] ?? heldBy]),
    ...(waiting === 0 ? [] : [`${waiting}${hasMoreWaiting ? " or more" : ""} deliveries wait`]),
  ];
  const [tone, word] = healthOf({ calls, failed, isHeld: heldBy !== "" });
  return (
    <p className="health">
      <Badge tone={tone}>{word}</Badge> <span className="hint">{texts.join(" · ")}</span>
    </p>
  );
}

function healthOf({
  calls,
  failed,
  isHeld,
}: {
  readonly calls: number;
  readonly failed: number;
  readonly isHeld: boolean;
}): readonly [Tone, string] {
  if (failed > 0 && failed === calls) return ["bad", "Fails"];
  if (failed > 0 || isHeld) return ["warn", "Unsteady"];
  return calls > 0 ? ["good", "Well"] : ["plain", "No calls yet"];
}

/** A kind of failure as the record has it, with spaces. */
function spoken(failure: string): string {
  return failure.replaceAll("_", " ");
}
