import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useQuery } from "@connectrpc/connect-query";
import {
  CallEffect,
  RunService,
  type GetRunResponse,
  type Run,
} from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import { Link } from "wouter";
import { Badge } from "../../components/badge.tsx";
import { JsonView } from "../../components/code-view.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { DiffView } from "../../components/diff-view.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Facts } from "../../components/facts.tsx";
import { ExecutionLink, explainHref } from "../../components/links.tsx";
import { Loading } from "../../components/loading.tsx";
import { Notice } from "../../components/notice.tsx";
import { Page, Section } from "../../components/page.tsx";
import { useFilters } from "../../components/query-filters.ts";
import { formatMs } from "../../components/time.ts";
import { When } from "../../components/when.tsx";
import { readableDifferences } from "./differences.ts";
import { explainSubjectOf, matchText, outcomeOf, sideLabel, subjectOf } from "./run-words.ts";
import { Waterfall } from "./waterfall.tsx";

/** How often a run is asked for anew while calls of it that nobody waits for go on, in milliseconds. */
const REFRESH_MS = 2_000;
/** After so long what has not ended never will: its server was lost. In milliseconds. */
const LONGEST_MS = 600_000;

/** One run: what matched and why, what each target was sent and answered, and what came of it. */
export function RunDetail({ id }: { readonly id: string }) {
  const { data, error, refetch } = useQuery(
    RunService.method.getRun,
    { id },
    { refetchInterval: ({ state }) => (state.data && isGoingOn(state.data) ? REFRESH_MS : false) },
  );
  const run = data?.run;
  return (
    <Page
      title={run ? `${subjectOf(run).name}: ${sideLabel(run)} ${outcomeOf(run).label}` : `Run ${id}`}
      above={[{ label: "Runs", href: "/runs" }]}
      actions={
        run && (
          <>
            <Link href={`/try?run=${encodeURIComponent(id)}`} className="button">
              Try this again
            </Link>
            <Link href={explainHref(explainSubjectOf(run))} className="button">
              Explain
            </Link>
          </>
        )
      }
    >
      {error && <ErrorNotice error={error} retry={refetch} />}
      {!data && !error && <Loading what="the run" />}
      {run && <RunParts answer={data} run={run} />}
    </Page>
  );
}

function RunParts({
  answer: { calls, before, after, differences },
  run,
}: {
  readonly answer: GetRunResponse;
  readonly run: Run;
}) {
  const [{ call: openCall }, setFilters] = useFilters(["call"]);
  const what = run.method === "" ? "input" : "message";
  return (
    <>
      {run.error && (
        <Notice tone="bad" title={`The caller was refused: ${run.error.reason}`}>
          <p>{run.error.text}</p>
          <p className="hint">
            The code of gRPC is {run.error.code}. The call below that is marked with ■ is the one that led to it.
          </p>
        </Notice>
      )}
      <RunFacts run={run} />
      <Section
        title="Calls"
        lead="In the order in which they were made. Open one to see what it was sent, what it answered, and what that changed."
      >
        {calls.length === 0 ? (
          <p className="hint">It called nobody.</p>
        ) : (
          <Waterfall
            run={run}
            calls={calls}
            openPlace={Number(openCall)}
            onOpen={(place) => setFilters({ call: place === 0 ? "" : String(place) })}
          />
        )}
      </Section>
      <Section title={`What became of the ${what}`}>
        <div className="stack">
          {run.error ? (
            <p className="hint">It was refused, so nothing became of it.</p>
          ) : (
            <DiffView differences={readableDifferences(differences)} what={`the ${what}`} />
          )}
          <div className="columns">
            <WholeMessage heading="Before" value={before} what={`the ${what} before the run`} />
            {!run.error && <WholeMessage heading="After" value={after} what={`the ${what} after the run`} />}
          </div>
        </div>
      </Section>
    </>
  );
}

function RunFacts({ run }: { readonly run: Run }) {
  const { tone, label } = outcomeOf(run);
  const { caller } = run;
  return (
    <Facts
      facts={{
        Outcome: <Badge tone={tone}>{label}</Badge>,
        Method: run.method === "" ? undefined : <code>{run.method}</code>,
        Function: run.function === "" ? undefined : <code>{run.function}</code>,
        Execution: (
          <>
            <ExecutionLink id={run.executionId} /> <span className="sub">{matchText(run)}</span>
          </>
        ),
        Caller: caller?.userId ? (
          <>
            {caller.userId}
            {caller.orgId !== "" && ` of the organization ${caller.orgId}`}
            {caller.projectId !== "" && `, project ${caller.projectId}`}
          </>
        ) : (
          "not known"
        ),
        "Came by": hostText(run.host),
        Begun: <When at={run.beginTime} />,
        Took: formatMs(run.durationMs),
        Depth:
          run.depth > 1
            ? `${run.depth}: a target's own call led to it, through ${run.depth - 1} other runs or deliveries`
            : undefined,
        Id: (
          <>
            <code>{run.id}</code> <CopyButton text={run.id} what="the id" />
          </>
        ),
      }}
    />
  );
}

function WholeMessage({
  heading,
  value,
  what,
}: {
  readonly heading: string;
  readonly value: unknown;
  readonly what: string;
}) {
  return (
    <div className="stack">
      <h3>{heading}</h3>
      {value === undefined ? (
        <p className="hint">Not on record: it was too large, or messages are not recorded (runs.messages).</p>
      ) : (
        <JsonView value={value} what={what} />
      )}
    </div>
  );
}

function hostText(host: string): string {
  if (host === "api") return "this server's own API";
  if (host.startsWith("gateway/")) return `the gateway ${host.slice("gateway/".length)}`;
  return host;
}

/** Whether a call that is not waited for has not ended yet. */
function isGoingOn({ run, calls }: GetRunResponse): boolean {
  const isRecent = run?.beginTime !== undefined && Date.now() - timestampMs(run.beginTime) < LONGEST_MS;
  return (
    isRecent &&
    calls.some(
      ({ effect, durationMs, failure }) =>
        (effect === CallEffect.STARTED || effect === CallEffect.SHADOW) && durationMs === undefined && failure === "",
    )
  );
}
