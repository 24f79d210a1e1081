import type { WatchState } from "../api/use-watch.ts";
import { Badge } from "./badge.tsx";

/** Whether what is shown follows the server, as it is. */
export function LiveBadge({ state }: { readonly state: WatchState }) {
  switch (state.kind) {
    case "live":
      return <Badge tone="good">Live</Badge>;
    case "connecting":
      return <Badge tone="plain">Connecting …</Badge>;
    case "waiting":
      return <Badge tone="warn">Not live: trying again</Badge>;
    case "refused":
      return <Badge tone="bad">Not live: refused</Badge>;
    case "off":
      return <Badge tone="plain">Not followed</Badge>;
  }
}
