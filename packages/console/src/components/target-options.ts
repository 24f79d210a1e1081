import { useQuery } from "@connectrpc/connect-query";
import { ActionService } from "@interpose/protocol/gen/zitadel/action/v2/action_service_pb";
import { TargetFieldName } from "@interpose/protocol/gen/zitadel/action/v2/query_pb";

/** Most targets that are offered. */
const MAX_TARGETS = 500;

/** Targets to choose from, by name; one that is chosen and not among them, since it is gone, by its id. */
export function useTargetOptions(chosen: string): readonly { readonly value: string; readonly label: string }[] {
  const { data } = useQuery(ActionService.method.listTargets, {
    pagination: { offset: 0n, limit: MAX_TARGETS, asc: true },
    sortingColumn: TargetFieldName.NAME,
  });
  const targets = (data?.targets ?? []).map(({ id, name }) => ({ value: id, label: name }));
  const isOffered = chosen === "" || targets.some(({ value }) => value === chosen);
  return isOffered ? targets : [...targets, { value: chosen, label: data ? `${chosen} (gone)` : chosen }];
}
