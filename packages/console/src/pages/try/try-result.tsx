import type { RunCall, RunError } from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import type { TryResponse } from "@interpose/protocol/gen/interpose/v1/try_service_pb";
import { Badge } from "../../components/badge.tsx";
import { JsonView } from "../../components/code-view.tsx";
import { DiffView } from "../../components/diff-view.tsx";
import { ExecutionLink } from "../../components/links.tsx";
import { Notice } from "../../components/notice.tsx";
import { Section } from "../../components/page.tsx";
import { formatMs } from "../../components/time.ts";
import { CallDetail } from "../runs/call-detail.tsx";
import { readableDifferences } from "../runs/differences.ts";
import { effectOf, outcomeOf } from "../runs/run-words.ts";

/** What came of a test call. */
export function TryResult({ result, isOneTarget }: { readonly result: TryResponse; readonly isOneTarget: boolean }) {
  const { executionId, calls, sent, error, after, differences, violations } = result;
  const { tone, label } = outcomeOf(result);
  return (
    <>
      <Section title="What came of it">
        <div className="stack">
          <p className="try-outcome" role="status">
            <Badge tone={tone}>{label}</Badge>{" "}
            {executionId !== "" ? (
              <>
                by the execution <ExecutionLink id={executionId} />
              </>
            ) : isOneTarget ? (
              "One target alone was called, whatever executions there are."
            ) : (
              "Nothing was called: no execution is for it, or the one that is has no targets."
            )}
          </p>
          {error && <CallerError error={error} />}
          {violations.length > 0 && (
            <Notice tone="warn" title="The message would not be valid after it">
              <ul>
                {violations.map((violation) => (
                  <li key={violation}>{violation}</li>
                ))}
              </ul>
            </Notice>
          )}
          {!error && <DiffView differences={readableDifferences(differences)} what="the sample" />}
          {after && (
            <details>
              <summary>What became of the sample, whole</summary>
              <JsonView value={after} what="what became of the sample" />
            </details>
          )}
        </div>
      </Section>
      {calls.length > 0 && (
        <Section title={calls.length === 1 ? "The call" : `The ${calls.length} calls`}>
          <div className="stack">
            {calls.map((call, at) => (
              <TriedCall key={call.place} call={call} headers={sent[at]?.headers ?? {}} isOpen={calls.length === 1} />
            ))}
          </div>
        </Section>
      )}
    </>
  );
}

/** The error as a caller of the API would be answered it. */
function CallerError({ error: { code, reason, text } }: { readonly error: RunError }) {
  return (
    <Notice tone="bad" title="A caller would be answered this error">
      <p>{text}</p>
      <p>
        <code>{code}</code> · <code>{reason}</code>
      </p>
    </Notice>
  );
}

function TriedCall({
  call,
  headers,
  isOpen,
}: {
  readonly call: RunCall;
  readonly headers: Readonly<Record<string, string>>;
  readonly isOpen: boolean;
}) {
  const { place, targetName, targetId, status, failure, durationMs } = call;
  const [tone, effect] = effectOf(call);
  const words = [
    status === undefined ? undefined : `status ${status}`,
    failure === "" ? undefined : failure,
    durationMs === undefined ? undefined : formatMs(durationMs),
  ].filter((word) => word !== undefined);
  return (
    <details className="try-call" open={isOpen}>
      <summary>
        <strong>
          {place}. {targetName || targetId}
        </strong>{" "}
        <Badge tone={tone}>{effect}</Badge> <span className="hint">{words.join(" · ")}</span>
      </summary>
      <CallDetail call={call} />
      <details>
        <summary>Headers that it was sent</summary>
        <table>
          <caption className="only-read">Headers that call {place} was sent</caption>
          <thead>
            <tr>
              <th scope="col">Header</th>
              <th scope="col">Value</th>
            </tr>
          </thead>
          <tbody>
            {Object.entries(headers)
              .sort(([a], [b]) => a.localeCompare(b))
              .map(([name, value]) => (
                <tr key={name}>
                  <th scope="row">
                    <code>{name}</code>
                  </th>
                  <td>
                    <code>{value}</code>
                  </td>
                </tr>
              ))}
          </tbody>
        </table>
      </details>
    </details>
  );
}
