import { CallEffect, type RunCall } from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import { Link } from "wouter";
import { Badge } from "../../components/badge.tsx";
import { JsonView } from "../../components/code-view.tsx";
import { DiffView } from "../../components/diff-view.tsx";
import { Facts } from "../../components/facts.tsx";
import { formatMs } from "../../components/time.ts";
import { readableDifferences } from "./differences.ts";
import { effectOf, inEarnest } from "./run-words.ts";

/** One call: what it was sent, what came back, and what that changed. */
export function CallDetail({ call }: { readonly call: RunCall }) {
  const { targetId, targetName, beginMs, durationMs, status, failure, detail, payload, reply, differences } = call;
  const [tone, effect] = effectOf(call);
  const earnest = inEarnest(call);
  const isShadow = call.effect === CallEffect.SHADOW;
  return (
    <div className="call-detail stack">
      <Facts
        facts={{
          Target: <Link href={`/targets/${targetId}`}>{targetName || targetId}</Link>,
          Effect: <Badge tone={tone}>{effect}</Badge>,
          "In earnest": earnest && (
            <>
              <Badge tone={earnest.tone}>{earnest.words}</Badge> {earnest.compared}
            </>
          ),
          Failure: failure === "" ? undefined : <code>{failure}</code>,
          "What is known of it": detail === "" ? undefined : detail,
          Status: status === undefined ? "no reply" : String(status),
          Began: `${formatMs(beginMs)} after the run`,
          Took:
            durationMs === undefined
              ? "it was not waited for and has not ended, or was never sent"
              : formatMs(durationMs),
        }}
      />
      <div className="columns">
        <div className="stack">
          <h3>Sent</h3>
          {payload ? (
            <JsonView value={payload} what={`the payload of call ${call.place}`} />
          ) : (
            <p className="hint">Not on record: it was too large, or messages are not recorded (runs.messages).</p>
          )}
        </div>
        <div className="stack">
          <h3>Answered</h3>
          {reply === undefined || reply === "" ? (
            <p className="hint">
              {reply === ""
                ? "An empty body."
                : "Nothing on record: there was no reply, its status was that of a failure, it could tell what is hidden, or messages are not recorded."}
            </p>
          ) : (
            <JsonView value={reply} what={`the reply of call ${call.place}`} />
          )}
        </div>
      </div>
      <h3>{isShadow ? "How the message would differ, had it been applied" : "What its reply changed"}</h3>
      <DiffView differences={readableDifferences(differences)} what={`the message by call ${call.place}`} />
    </div>
  );
}
