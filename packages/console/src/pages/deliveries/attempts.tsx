import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Attempt } from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import { Badge } from "../../components/badge.tsx";
import { JsonView } from "../../components/code-view.tsx";
import { Facts } from "../../components/facts.tsx";
import { useNow } from "../../components/now.ts";
import { formatMs } from "../../components/time.ts";
import { When } from "../../components/when.tsx";
import { decisionWords } from "./delivery-words.ts";

/** Attempts one below the other, in time; each can be opened. The last is open from the start. */
export function Attempts({ attempts }: { readonly attempts: readonly Attempt[] }) {
  if (attempts.length === 0) return <p className="hint">None was made yet.</p>;
  return (
    <ol className="attempts">
      {attempts.map((attempt, at) => (
        <li key={attempt.number} className={decisionWords(attempt.decision)[0]}>
          <details open={at === attempts.length - 1 || undefined}>
            <summary>
              <AttemptHead attempt={attempt} />
            </summary>
            <AttemptParts attempt={attempt} />
          </details>
        </li>
      ))}
    </ol>
  );
}

function AttemptHead({ attempt }: { readonly attempt: Attempt }) {
  const now = useNow();
  const [tone, decision] = decisionWords(attempt.decision);
  const { number, status, failure, durationMs, beginTime, nextAttemptTime } = attempt;
  return (
    <span className="attempt-head">
      <strong>Attempt {number}</strong>
      <Badge tone={tone}>{decision}</Badge>
      <span>{status === undefined ? failure || "no reply" : `status ${status}`}</span>
      {durationMs !== undefined && <span>{formatMs(durationMs)}</span>}
      <span className="hint">
        <When at={beginTime} />
      </span>
      {nextAttemptTime && timestampMs(nextAttemptTime) > now.getTime() && (
        <span className="hint">
          next <When at={nextAttemptTime} />
        </span>
      )}
    </span>
  );
}

function AttemptParts({ attempt }: { readonly attempt: Attempt }) {
  const { url, address, worker, failure, detail, connectMs, firstByteMs, durationMs, replySize, requestHeaders } =
    attempt;
  return (
    <div className="attempt-parts stack">
      <Facts
        facts={{
          "Went to": url === "" ? undefined : <code>{url}</code>,
          Address: address === "" ? undefined : <code>{address}</code>,
          Failure: failure === "" ? undefined : <code>{failure}</code>,
          "What is known of it": detail === "" ? undefined : detail,
          Times: timesText({ connectMs, firstByteMs, durationMs }),
          "Size of the reply": replySize === undefined ? undefined : `${replySize.toLocaleString("en")} bytes`,
          "Made by": worker,
        }}
      />
      <Reply attempt={attempt} />
      {Object.keys(requestHeaders).length > 0 && (
        <details>
          <summary>Headers that were sent</summary>
          <JsonView value={requestHeaders} what={`the headers of attempt ${attempt.number}`} />
        </details>
      )}
    </div>
  );
}

function Reply({ attempt: { number, reply } }: { readonly attempt: Attempt }) {
  switch (reply.case) {
    case "replyText":
      return reply.value === "" ? (
        <p className="hint">The reply had no body.</p>
      ) : (
        <JsonView value={reply.value} what={`the reply of attempt ${number}`} />
      );
    case "replyBytes":
      return (
        <p className="hint">The reply was no text: {reply.value.length.toLocaleString("en")} bytes are on record.</p>
      );
    case undefined:
      return <p className="hint">There was no reply, or it had no body.</p>;
  }
}

function timesText({
  connectMs,
  firstByteMs,
  durationMs,
}: {
  readonly connectMs: number | undefined;
  readonly firstByteMs: number | undefined;
  readonly durationMs: number | undefined;
}): string | undefined {
  const texts = [
    connectMs === undefined ? undefined : `connected after ${formatMs(connectMs)}`,
    firstByteMs === undefined ? undefined : `first byte after ${formatMs(firstByteMs)}`,
    durationMs === undefined ? undefined : `over after ${formatMs(durationMs)}`,
  ].filter((text) => text !== undefined);
  return texts.length === 0 ? undefined : texts.join(", ");
}
