import type { RehearseRunsResponse } from "@interpose/protocol/gen/interpose/v1/try_service_pb";
import { useState } from "react";
import { Link } from "wouter";
import { Badge } from "../../components/badge.tsx";
import { JsonView } from "../../components/code-view.tsx";
import { DiffView } from "../../components/diff-view.tsx";
import { SelectFilter } from "../../components/filter-bar.tsx";
import { Section } from "../../components/page.tsx";
import { ProgressBar } from "../../components/progress-bar.tsx";
import { formatMs } from "../../components/time.ts";
import { When } from "../../components/when.tsx";
import { readableDifferences } from "../runs/differences.ts";
import { sideLabel, subjectOf } from "../runs/run-words.ts";
import { callText, countVerdicts, summaryText, VERDICT_TONES, verdictOf, type Verdict } from "./rehearsal-words.ts";
import type { Rehearsal } from "./use-rehearsal.ts";

/** Results that are shown at first, and more with each time that more are wanted. */
const PAGE_SIZE = 50;

const SHOWN: readonly { readonly value: Verdict | ""; readonly label: string }[] = [
  { value: "", label: "all" },
  { value: "different", label: "different ones" },
  { value: "same", label: "same ones" },
  { value: "skipped", label: "those that could not be repeated" },
];

/** How far a rehearsal is, what it came to, and each run of it. */
export function RehearsalResult({ rehearsal: { state, results, totalCount } }: { readonly rehearsal: Rehearsal }) {
  const [shown, setShown] = useState<Verdict | "">("");
  const [limit, setLimit] = useState(PAGE_SIZE);
  const wanted = results.filter((result) => shown === "" || verdictOf(result) === shown);
  return (
    <Section title="What would have been different">
      <div className="stack">
        <ProgressBar
          label={state === "running" ? "Rehearsing" : "Rehearsed"}
          done={results.length}
          total={totalCount}
        />
        <p role="status" className="try-outcome">
          {state === "running" ? "" : `${state === "stopped" ? "Stopped. " : ""}${summaryText(countVerdicts(results))}`}
        </p>
        {results.length > 0 && (
          <div className="filters">
            <SelectFilter
              label="Show"
              value={shown}
              onChange={(value) => setShown(SHOWN.find((each) => each.value === value)?.value ?? "")}
              options={SHOWN}
            />
          </div>
        )}
        {results.length > 0 && wanted.length === 0 && <p className="hint">There is none of them.</p>}
        {wanted.slice(0, limit).map((result) => (
          <RehearsedRun key={result.run?.id} result={result} />
        ))}
        {wanted.length > limit && (
          <p>
            <button type="button" className="button" onClick={() => setLimit(limit + PAGE_SIZE)}>
              Show more
            </button>
          </p>
        )}
      </div>
    </Section>
  );
}

/** One run: what the target on record answered, what the other one did, and in what the message would differ. */
function RehearsedRun({ result }: { readonly result: RehearseRunsResponse }) {
  const { run, recorded, rehearsed, differences, skippedBecause } = result;
  const verdict = verdictOf(result);
  if (!run) return null;
  return (
    <details className="try-call">
      <summary>
        <Badge tone={VERDICT_TONES[verdict]}>{verdict}</Badge>{" "}
        <strong>
          {subjectOf(run).name} {sideLabel(run)}
        </strong>{" "}
        <span className="hint">
          <When at={run.beginTime} />
          {verdict === "skipped"
            ? ` · ${skippedBecause}`
            : ` · ${differences.length === 1 ? "1 difference" : `${differences.length} differences`}`}
        </span>
      </summary>
      <div className="stack">
        <p>
          <Link href={`/runs/${run.id}`}>The run on record</Link> ·{" "}
          <Link href={`/try?run=${encodeURIComponent(run.id)}`}>Try it by hand</Link>
        </p>
        {verdict !== "skipped" && (
          <>
            <DiffView differences={readableDifferences(differences)} what="the message, from the record to now," />
            <div className="columns">
              <Answer title="On record" call={recorded} />
              <Answer title="Now" call={rehearsed} />
            </div>
          </>
        )}
      </div>
    </details>
  );
}

function Answer({ title, call }: { readonly title: string; readonly call: RehearseRunsResponse["recorded"] }) {
  return (
    <div className="stack">
      <h3>{title}</h3>
      <p>
        {callText(call)}
        {call?.durationMs !== undefined && ` (${formatMs(call.durationMs)})`}
      </p>
      {call && call.detail !== "" && <p className="hint">{call.detail}</p>}
      {call?.reply === undefined || call.reply === "" ? (
        <p className="hint">No reply that is known.</p>
      ) : (
        <JsonView value={call.reply} what={`the reply: ${title.toLowerCase()}`} />
      )}
    </div>
  );
}
