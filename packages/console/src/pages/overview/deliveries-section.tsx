import { DeliveryState, type CountDeliveriesResponse } from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import { Link } from "wouter";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Loading } from "../../components/loading.tsx";
import { Section } from "../../components/page.tsx";
import { countText } from "../../components/statistics.ts";
import { Tiles } from "../../components/tiles.tsx";

/** What is counted together, and where the list of it is. */
const GROUPS = [
  {
    name: "Waiting",
    states: [DeliveryState.BLOCKED, DeliveryState.QUEUED, DeliveryState.WAITING, DeliveryState.RUNNING],
    href: "/deliveries?states=blocked,queued,waiting,running",
    note: "for their turn, or for their next attempt",
  },
  {
    name: "Held",
    states: [DeliveryState.HELD],
    href: "/deliveries?states=held",
    note: "for a target that is paused or broken",
  },
  { name: "Dead letters", states: [DeliveryState.DEAD], href: "/deliveries/dead", note: "failed for good" },
  {
    name: "Told",
    states: [DeliveryState.SUCCEEDED],
    href: "/deliveries?states=succeeded",
    note: "as far as they are kept",
  },
] as const;

/** Deliveries of events by how far they are. */
export function DeliveriesSection({
  query: { data, error, refetch },
}: {
  readonly query: {
    readonly data: CountDeliveriesResponse | undefined;
    readonly error: Error | null;
    readonly refetch: () => unknown;
  };
}) {
  return (
    <Section title="Deliveries of events">
      {error && <ErrorNotice error={error} retry={refetch} />}
      {!data && !error && <Loading what="the deliveries" />}
      {data && (
        <Tiles
          tiles={GROUPS.map(({ name, states, href, note }) => ({
            name,
            value: <Link href={href}>{stateCount(data, states)}</Link>,
            note,
          }))}
        />
      )}
    </Section>
  );
}

/** How many there are in some states, and whether that is all of them. */
function stateCount({ states }: CountDeliveriesResponse, wanted: readonly DeliveryState[]): string {
  const counted = states.filter(({ state }) => wanted.includes(state));
  const sum = counted.reduce((total, { count }) => total + count, 0n);
  if (counted.some(({ hasMore }) => hasMore)) return `${countText(sum)}+`;
  return sum > 0n && counted.some(({ isEstimate }) => isEstimate) ? `about ${countText(sum)}` : countText(sum);
}
