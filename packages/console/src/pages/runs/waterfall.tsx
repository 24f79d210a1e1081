import type { Run, RunCall } from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import { Badge } from "../../components/badge.tsx";
import { Table, type Column } from "../../components/table.tsx";
import { formatMs } from "../../components/time.ts";
import { CallDetail } from "./call-detail.tsx";
import { effectOf } from "./run-words.ts";
import { layOutWaterfall, type BarKind } from "./waterfall-layout.ts";

interface WaterfallProps {
  readonly run: Run;
  readonly calls: readonly RunCall[];
  /** Place of the call that is open; 0: none is. */
  readonly openPlace: number;
  readonly onOpen: (place: number) => void;
}

/** What the colours mean. */
const KEY: readonly (readonly [BarKind, string])[] = [
  ["done", "changed nothing"],
  ["changed", "changed the message"],
  ["ignored", "failed, ignored"],
  ["failed", "failed, refused"],
  ["unwaited", "not waited for"],
  ["shadow", "shadow"],
];

const COLUMNS: readonly Column<RunCall>[] = [
  { heading: "Target", cell: ({ place, targetName }) => `${place}. ${targetName}` },
  { heading: "Began", cell: ({ beginMs }) => formatMs(beginMs), align: "end" },
  { heading: "Took", cell: tookText, align: "end" },
  { heading: "Status", cell: statusText },
  { heading: "Effect", cell: (call) => effectOf(call)[1] },
];

/** The calls of a run as bars in time. Each is a button that opens what was sent and answered; a table has the same numbers. */
export function Waterfall({ run, calls, openPlace, onOpen }: WaterfallProps) {
  const { totalMs, end, bars } = layOutWaterfall(run.durationMs, calls);
  return (
    <div className="stack">
      <div className="waterfall">
        <p className="waterfall-axis" aria-hidden="true">
          <span>0</span>
          <span>{formatMs(totalMs / 2)}</span>
          <span>{formatMs(totalMs)}</span>
        </p>
        <ol>
          {calls.map((call, at) => {
            const bar = bars[at];
            const isOpen = call.place === openPlace;
            const [tone, effect] = effectOf(call);
            return (
              <li key={call.place}>
                <button
                  type="button"
                  className="waterfall-call"
                  aria-expanded={isOpen}
                  onClick={() => onOpen(isOpen ? 0 : call.place)}
                >
                  <span className="waterfall-name">
                    {call.place}. {call.targetName || call.targetId}
                  </span>
                  <span className="only-read">, began at {formatMs(call.beginMs)}, took </span>
                  <span className="waterfall-track">
                    {end < 99 && <span className="waterfall-end" style={{ left: `${end}%` }} />}
                    {bar && (
                      <span
                        className={`waterfall-bar ${bar.kind}${bar.isOpen ? " open" : ""}`}
                        style={{ left: `${bar.left}%`, width: `${bar.width}%` }}
                      />
                    )}
                  </span>
                  <span className="waterfall-words">
                    <span className="waterfall-took">{tookText(call)}</span>
                    <span className="only-read">, </span>
                    <Badge tone={tone}>{statusText(call) || "no reply"}</Badge>
                  </span>
                  <span className="only-read">, {effect}</span>
                </button>
                {isOpen && <CallDetail call={call} />}
              </li>
            );
          })}
        </ol>
        <p className="waterfall-key" aria-hidden="true">
          {KEY.map(([kind, text]) => (
            <span key={kind}>
              <span className={`waterfall-swatch ${kind}`} /> {text}
            </span>
          ))}
        </p>
      </div>
      <details>
        <summary>The same as a table</summary>
        <Table caption="Calls of the run" columns={COLUMNS} rows={calls} keyOf={({ place }) => String(place)} />
      </details>
    </div>
  );
}

function tookText({ durationMs }: RunCall): string {
  return durationMs === undefined ? "–" : formatMs(durationMs);
}

/** What came back: a status that is the failure says all of it. */
function statusText({ status, failure }: RunCall): string {
  if (status === undefined) return failure;
  return failure === "" || failure === "status" ? String(status) : `${status} ${failure}`;
}
