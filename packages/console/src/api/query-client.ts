import { Code, ConnectError } from "@connectrpc/connect";
import { MutationCache, QueryClient } from "@tanstack/react-query";

/** Most times that a question is asked again that the server could not answer. */
const MAX_RETRIES = 2;
/** For so long an answer counts as fresh, in milliseconds. */
const STALE_MS = 5_000;

/** Whether asking again may help: the server was away, or busy. */
function mayPass(error: unknown): boolean {
  const { code } = ConnectError.from(error);
  return code === Code.Unavailable || code === Code.Unknown || code === Code.DeadlineExceeded;
}

/**
 * What was asked and answered. After each change everything on the screen is asked anew: what one change touches is for the server to know. That waits for
 * what the change leads to: the page of what was deleted is left first.
 */
export const queryClient: QueryClient = new QueryClient({
  defaultOptions: {
    queries: { staleTime: STALE_MS, retry: (count, error) => count < MAX_RETRIES && mayPass(error) },
  },
  mutationCache: new MutationCache({ onSettled: () => void setTimeout(() => void queryClient.invalidateQueries()) }),
});
