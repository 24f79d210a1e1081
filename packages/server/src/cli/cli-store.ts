import type { Settings } from "../config/index.ts";
import { openStore, type Store } from "../store/index.ts";

/** Opens the store as a command does: for the time of one command, so that nobody waits for the news of a store that is lost. */
export function openCliStore({ databaseUrl, dataDir }: Pick<Settings, "databaseUrl" | "dataDir">): Promise<Store> {
  return openStore({
    databaseUrl,
    dataDir,
    role: "cli",
    maxConnections: 2,
    onLost: () => undefined,
    onFatal: () => undefined,
  });
}
