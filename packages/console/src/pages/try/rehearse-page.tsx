import { useQuery } from "@connectrpc/connect-query";
import { RunOutcome, RunService, RunSide, type RunFilter } from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import { useState, type SubmitEvent } from "react";
import { Link } from "wouter";
import { problemFrom } from "../../api/problem.ts";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { CheckField, ChoiceField, SelectField, TextField } from "../../components/fields.tsx";
import { readForm } from "../../components/form.ts";
import { Page, Section } from "../../components/page.tsx";
import { useFilters } from "../../components/query-filters.ts";
import { OUTCOMES, SIDES } from "../runs/run-words.ts";
import { filterTime, TimeFilter } from "../../components/time-filter.tsx";
import { RehearsalResult } from "./rehearsal-result.tsx";
import { TryTabs } from "./try-tabs.tsx";
import { useRehearsal } from "./use-rehearsal.ts";
import { useTargetOptions } from "../../components/target-options.ts";

const FILTERS = ["target", "candidate", "side", "outcome", "method", "function", "failed", "from", "until"] as const;
const DEFAULT_COUNT = 100;
const MAX_COUNT = 10_000;

const CANDIDATES = [
  { value: "target", label: "Another target", hint: "Is called in its own way, signed by its own key." },
  {
    value: "endpoint",
    label: "Another address of the same target",
    hint: "Such as a new version before it is put in place. Its calls are signed by the target's key.",
  },
] as const;

/** A rehearsal: calls on record are repeated with another version of a target, and what it answers is compared. */
export function RehearsePage() {
  const [filters, setFilters] = useFilters(FILTERS);
  const [candidateKind, setCandidateKind] = useState<"target" | "endpoint">("target");
  const { rehearsal, start, stop } = useRehearsal();
  const { target, candidate, side, outcome, method, function: name, failed, from, until } = filters;
  const [begunAfter, begunBefore] = [filterTime(from), filterTime(until)];
  const targets = useTargetOptions(target);
  const runs = {
    side: SIDES.find(({ value }) => value === side)?.side ?? RunSide.UNSPECIFIED,
    method,
    function: name,
    failedOnly: failed === "yes",
    outcome: OUTCOMES.find(({ value }) => value === outcome)?.outcome ?? RunOutcome.UNSPECIFIED,
    ...(begunAfter && { begunAfter }),
    ...(begunBefore && { begunBefore }),
  };
  const isRunning = rehearsal.state === "running";
  const violations = rehearsal.error === undefined ? undefined : problemFrom(rehearsal.error).violations;
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    const { text } = readForm(event);
    start({
      runs,
      targetId: target,
      ...(candidateKind === "target" ? { candidateId: candidate } : { candidateEndpoint: text("endpoint") }),
      maxCount: Number(text("count")),
    });
  };
  return (
    <Page
      title="Rehearse"
      lead="Repeats what a target was sent, by runs on record, with another version of it, and tells what would have been different. The other version is really called; no API is."
    >
      <TryTabs target={target} />
      <form className="form" onSubmit={submit}>
        <SelectField
          label="Target on record"
          required
          options={[{ value: "", label: "Choose one" }, ...targets]}
          value={target}
          onChange={({ currentTarget }) => setFilters({ target: currentTarget.value })}
          hint="Its calls are repeated."
        />
        <fieldset className="stack">
          <legend>Which runs</legend>
          <div className="form-row">
            <SelectField
              label="For a"
              options={[{ value: "", label: "request, response or function" }, ...SIDES]}
              value={side}
              onChange={({ currentTarget }) => setFilters({ side: currentTarget.value })}
            />
            <SelectField
              label="Outcome"
              options={[{ value: "", label: "any" }, ...OUTCOMES]}
              value={outcome}
              onChange={({ currentTarget }) => setFilters({ outcome: currentTarget.value })}
            />
            <TextField
              label="Method"
              value={method}
              placeholder="any"
              onChange={({ currentTarget }) => setFilters({ method: currentTarget.value.trim() })}
            />
            <TextField
              label="Function"
              value={name}
              placeholder="any"
              onChange={({ currentTarget }) => setFilters({ function: currentTarget.value.trim() })}
            />
            <TimeFilter label="Begun from" value={from} onChange={(value) => setFilters({ from: value })} />
            <TimeFilter label="Begun before" value={until} onChange={(value) => setFilters({ until: value })} />
            <TextField
              label="At most"
              name="count"
              type="number"
              min={1}
              max={MAX_COUNT}
              required
              defaultValue={DEFAULT_COUNT}
              violation={violations?.get("max_count")}
            />
          </div>
          <CheckField
            label="With a failed call alone"
            checked={failed === "yes"}
            onChange={({ currentTarget }) => setFilters({ failed: currentTarget.checked ? "yes" : "" })}
          />
          {target !== "" && <RunsOnRecord filter={{ ...runs, targetId: target }} />}
        </fieldset>
        <ChoiceField
          legend="What is called in its place"
          name="candidateKind"
          options={CANDIDATES}
          value={candidateKind}
          onChoose={setCandidateKind}
        />
        {candidateKind === "target" ? (
          <SelectField
            label="Candidate"
            required
            options={[{ value: "", label: "Choose one" }, ...targets.filter(({ value }) => value !== target)]}
            value={candidate}
            onChange={({ currentTarget }) => setFilters({ candidate: currentTarget.value })}
            violation={violations?.get("candidate_id")}
          />
        ) : (
          <TextField
            label="Address"
            name="endpoint"
            type="url"
            required
            placeholder="https://next.hooks.example.com/orders"
            violation={violations?.get("candidate_endpoint")}
            autoComplete="off"
          />
        )}
        <div className="form-end">
          <button type="submit" className="button primary" disabled={isRunning}>
            Rehearse
          </button>
          {isRunning && (
            <button type="button" className="button" onClick={stop}>
              Stop
            </button>
          )}
        </div>
      </form>
      {rehearsal.state === "failed" && (
        <Section title="It could not go on">
          <ErrorNotice error={rehearsal.error} />
        </Section>
      )}
      {rehearsal.state !== "idle" && <RehearsalResult rehearsal={rehearsal} />}
    </Page>
  );
}

/** How many runs are meant, as far as one look tells. */
function RunsOnRecord({
  filter,
}: {
  readonly filter: Pick<RunFilter, "targetId" | "side" | "method" | "function" | "outcome" | "failedOnly"> &
    Partial<Pick<RunFilter, "begunAfter" | "begunBefore">>;
}) {
  const { data } = useQuery(RunService.method.listRuns, { ...filter, pageSize: DEFAULT_COUNT });
  if (!data) return null;
  const { runs, nextPageToken } = data;
  const list = `/runs?target=${encodeURIComponent(filter.targetId)}`;
  if (runs.length === 0)
    return (
      <p className="hint">
        No run on record is like that. <Link href={list}>See all runs of the target</Link>.
      </p>
    );
  return (
    <p className="hint">
      {runs.length}
      {nextPageToken !== "" && " or more"} {runs.length === 1 ? "run is" : "runs are"} like that.{" "}
      <Link href={list}>See the runs of the target</Link>.
    </p>
  );
}
