import type { ExplainResponse } from "@interpose/protocol/gen/interpose/v1/explain_service_pb";
import { Link } from "wouter";
import { Badge } from "../../components/badge.tsx";
import { conditionId } from "../../components/condition.ts";
import { ExecutionLink, executionHref, explainHref, type ExplainSubject } from "../../components/links.tsx";
import { Notice } from "../../components/notice.tsx";
import { Section } from "../../components/page.tsx";
import { Plan } from "./plan.tsx";
import { subjectOf } from "./question.ts";

interface AnswerProps {
  readonly subject: ExplainSubject;
  readonly answer: ExplainResponse;
}

/** What would be called, from the sentence that sums it up to the smallest effect of a failure. */
export function Answer({ subject, answer }: AnswerProps) {
  const { executionId, summary, candidates, plan, nearest, similar, missedByVersion, notes } = answer;
  const own = ownId(subject);
  return (
    <div className="answer">
      <Notice
        tone={executionId === "" ? "warn" : "good"}
        title={executionId === "" ? "Nothing hooks it" : "It is hooked"}
      >
        <p>{summary}</p>
        <div className="actions">
          <Link href={executionHref(executionId === "" ? own : executionId)} className="button primary">
            {executionId === "" ? "Hook it" : "Edit the execution"}
          </Link>
          <Link href={`/try?${new URLSearchParams({ ...subject }).toString()}`} className="button">
            Try it
          </Link>
          <Link href={watchHref(subject)} className="button">
            {subject.kind === "event" ? "Watch deliveries" : "Watch runs"}
          </Link>
        </div>
      </Notice>
      {similar.length > 0 && (
        <Section title="Did you mean">
          <ul className="plain-list">
            {similar.map((name) => (
              <li key={name}>
                <Link href={explainHref(subjectOf(subject.kind, name))}>{name}</Link>
              </li>
            ))}
          </ul>
        </Section>
      )}
      {nearest.length > 0 && (
        <Section title="Nearest" lead="Executions that are set, and are for something near.">
          <ul className="plain-list">
            {nearest.map(({ executionId: id, reason }) => (
              <li key={id}>
                <ExecutionLink id={id} /> <span className="hint">{reason}</span>
              </li>
            ))}
          </ul>
        </Section>
      )}
      {missedByVersion.length > 0 && (
        <Section
          title="Missed by their version"
          lead="They are on the same in another version, and for that version alone."
        >
          <ul className="plain-list">
            {missedByVersion.map((id) => (
              <li key={id}>
                <ExecutionLink id={id} />
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Section
        title="Who could be for it"
        lead="From the one that comes before all others to the one that comes after all others. The first that is set wins; one alone runs."
      >
        <ol className="ladder">
          {candidates.map(({ executionId: id, isSet, wins, reason }) => (
            <li key={id} className={wins ? "wins" : undefined}>
              <Badge tone={wins ? "good" : isSet ? "info" : "plain"}>{wins ? "Wins" : isSet ? "Set" : "Not set"}</Badge>
              <span>
                <ExecutionLink id={id} />
                {isSet && <span className="hint">{reason}</span>}
              </span>
            </li>
          ))}
        </ol>
      </Section>
      {plan.length > 0 && (
        <Section title="What would be called" lead="In this order.">
          <Plan steps={plan} isEvent={subject.kind === "event"} />
        </Section>
      )}
      {notes.length > 0 && (
        <Section title="To know">
          <ul className="notes">
            {notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </Section>
      )}
    </div>
  );
}

/** The execution that is for this alone. */
function ownId(subject: ExplainSubject): string {
  switch (subject.kind) {
    case "function":
      return conditionId({ kind: subject.kind, scope: "function", name: subject.function });
    case "event":
      return conditionId({ kind: subject.kind, scope: "type", name: subject.event });
    case "request":
    case "response":
      return conditionId({ kind: subject.kind, scope: "method", name: subject.method.replace(/^\//, "") });
  }
}

function watchHref(subject: ExplainSubject): string {
  if (subject.kind === "event") return "/deliveries";
  const { kind, ...name } = subject;
  return `/runs?${new URLSearchParams({ ...(kind !== "function" && { side: kind }), ...name }).toString()}`;
}
