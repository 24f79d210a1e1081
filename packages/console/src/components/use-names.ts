import { useQuery } from "@connectrpc/connect-query";
import { EventService } from "@interpose/protocol/gen/interpose/v1/event_service_pb";
import { FunctionService } from "@interpose/protocol/gen/interpose/v1/function_service_pb";

/** Something that an execution can name, and what is said of it. */
export interface Named {
  readonly name: string;
  readonly comment: string;
}

/** Most names that are asked for. Who has more of them types theirs. */
const PAGE_SIZE = 1000;

/** The functions that are declared. */
export function useFunctions(): readonly Named[] {
  const { data } = useQuery(FunctionService.method.listFunctions, { pageSize: PAGE_SIZE });
  return (data?.functions ?? []).map(({ name, description }) => ({ name, comment: description }));
}

/** The types of events that are known. */
export function useEventTypes(): readonly Named[] {
  const { data } = useQuery(EventService.method.listEventTypes, { pageSize: PAGE_SIZE });
  return (data?.eventTypes ?? []).map(({ type, description }) => ({ name: type, comment: description }));
}
