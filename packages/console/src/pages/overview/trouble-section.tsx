import { useQuery } from "@connectrpc/connect-query";
import type { CountDeliveriesResponse } from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import type { GetRunStatisticsResponse } from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import { ActionService } from "@interpose/protocol/gen/zitadel/action/v2/action_service_pb";
import { Link } from "wouter";
import { Badge } from "../../components/badge.tsx";
import { failureWords } from "../../components/failure-words.ts";
import { TargetLink } from "../../components/links.tsx";
import { Section } from "../../components/page.tsx";
import { countText, shareText, type Period } from "../../components/statistics.ts";
import { Table, type Column } from "../../components/table.tsx";
import { troublesOf, type Trouble } from "./troubles.ts";

/** Most targets that are shown. */
const MAX_SHOWN = 10;

interface TroubleSectionProps {
  readonly statistics: GetRunStatisticsResponse | undefined;
  readonly deliveries: CountDeliveriesResponse | undefined;
  readonly period: Period;
}

/** Targets that need somebody: what is wrong with each, and what to do. */
export function TroubleSection({ statistics, deliveries, period }: TroubleSectionProps) {
  const troubles = troublesOf(statistics, deliveries);
  const shown = troubles.slice(0, MAX_SHOWN);
  const names = useQuery(
    ActionService.method.listTargets,
    {
      filters: [{ filter: { case: "inTargetIdsFilter", value: { targetIds: shown.map(({ targetId }) => targetId) } } }],
    },
    { enabled: shown.length > 0 },
  );
  const nameOf = ({ targetId, targetName }: Trouble): string =>
    names.data?.targets.find(({ id }) => id === targetId)?.name ?? (names.data ? targetName : targetName || targetId);
  if (troubles.length === 0) return null;
  const columns: readonly Column<Trouble>[] = [
    { heading: "Target", cell: (trouble) => <TargetLink id={trouble.targetId} name={nameOf(trouble)} /> },
    { heading: "What is wrong", cell: (trouble) => <WhatIsWrong trouble={trouble} /> },
    { heading: "What to do", cell: (trouble) => <WhatToDo trouble={trouble} /> },
  ];
  return (
    <Section
      title="Targets that need somebody"
      lead={`Calls that failed over the ${period.label}, deliveries that wait for a queue that stands still, and dead letters.`}
    >
      <div className="troubles">
        <Table caption="Targets that need somebody" columns={columns} rows={shown} keyOf={({ targetId }) => targetId} />
      </div>
      {troubles.length > MAX_SHOWN && (
        <p className="hint">There are {countText(troubles.length - MAX_SHOWN)} more, with less of it.</p>
      )}
    </Section>
  );
}

function WhatIsWrong({ trouble }: { readonly trouble: Trouble }) {
  const { callCount, failedCallCount, lastFailure, heldCount, deadCount, hasMoreHeld, hasMoreDead } = trouble;
  return (
    <ul className="plain-list">
      {failedCallCount > 0 && (
        <li>
          <Badge tone={failedCallCount === callCount ? "bad" : "warn"}>
            {`${countText(failedCallCount)} of ${countText(callCount)} calls failed (${shareText(failedCallCount, callCount)})`}
          </Badge>
          <span className="sub">
            {failureWords(lastFailure).what} <code>{lastFailure}</code>
          </span>
        </li>
      )}
      {heldCount > 0 && (
        <li>
          <Badge tone="warn">{`${countText(heldCount)}${hasMoreHeld ? " or more" : ""} deliveries are held`}</Badge>
        </li>
      )}
      {deadCount > 0 && (
        <li>
          <Badge tone="bad">
            {`${countText(deadCount)}${hasMoreDead ? " or more" : ""} dead ${deadCount === 1 ? "letter" : "letters"}`}
          </Badge>
        </li>
      )}
    </ul>
  );
}

function WhatToDo({
  trouble: { targetId, failedCallCount, lastFailure, heldCount, deadCount },
}: {
  readonly trouble: Trouble;
}) {
  const target = encodeURIComponent(targetId);
  return (
    <ul className="plain-list">
      {failedCallCount > 0 && (
        <li>
          {failureWords(lastFailure).todo} <Link href={`/runs?failed=yes&target=${target}`}>See the failed runs</Link>,
          or <Link href={`/try?target=${target}`}>send a test call</Link>.
        </li>
      )}
      {heldCount > 0 && (
        <li>
          See why its queue stands still, and <Link href={`/targets/${target}`}>resume it</Link> once it is well.
        </li>
      )}
      {deadCount > 0 && (
        <li>
          Mend the target first, then <Link href={`/deliveries/dead?target=${target}`}>redeliver its dead letters</Link>
          .
        </li>
      )}
    </ul>
  );
}
