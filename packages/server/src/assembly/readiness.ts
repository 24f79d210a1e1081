import { setTimeout } from "node:timers/promises";
import type { Readiness } from "../listener/infrastructure.ts";
import type { Database } from "../store/database.ts";
import { readRevision } from "../store/sql/read-revision.ts";

/** A store that says nothing for so long cannot be worked with. */
const READY_MS = 2_000;

/** The server can work while the store answers, and no longer once it is told to stop. That executions are loaded is a condition of the start. */
export function createReadiness(database: Database, instanceId: string, stop: AbortSignal): Readiness {
  return {
    stopping: stop,
    async notReadyBecause() {
      if (stop.aborted) return "the server is stopping";
      const late = setTimeout(READY_MS, "the store does not answer", { ref: false });
      const asked = readRevision(database, instanceId).then(
        () => undefined,
        () => "the store cannot be reached",
      );
      return Promise.race([asked, late]);
    },
  };
}
