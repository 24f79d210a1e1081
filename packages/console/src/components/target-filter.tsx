import { useQuery } from "@connectrpc/connect-query";
import { ActionService } from "@interpose/protocol/gen/zitadel/action/v2/action_service_pb";
import { TargetFieldName } from "@interpose/protocol/gen/zitadel/action/v2/query_pb";
import { SelectFilter } from "./filter-bar.tsx";

/** Most targets that are offered. */
const MAX_TARGETS = 500;

/** A filter by a target. One that is not among those that are offered, since it is gone, is there by its id. */
export function TargetFilter({
  value,
  onChange,
}: {
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  const { data } = useQuery(ActionService.method.listTargets, {
    pagination: { offset: 0n, limit: MAX_TARGETS, asc: true },
    sortingColumn: TargetFieldName.NAME,
  });
  const targets = (data?.targets ?? []).map(({ id, name }) => ({ value: id, label: name }));
  const isOffered = value === "" || targets.some((target) => target.value === value);
  return (
    <SelectFilter
      label="Target"
      value={value}
      onChange={onChange}
      options={[
        { value: "", label: "any" },
        ...targets,
        ...(isOffered ? [] : [{ value, label: data ? `${value} (gone)` : value }]),
      ]}
    />
  );
}
