import type { ServiceCatalog } from "@interpose/protocol";
import type { Call } from "../call.ts";
import type { CommandContext } from "../commands/context.ts";
import type { Database } from "../store/database.ts";

/** What the handlers of the own API need. */
export interface ApiContext {
  readonly database: Database;
  /** Methods and services that conditions can name at this moment: those of the own API and of the APIs behind gateways. */
  readonly catalog: () => ServiceCatalog;
  /** The context of a command that this call gives. */
  commandContext(call: Call): CommandContext;
}
