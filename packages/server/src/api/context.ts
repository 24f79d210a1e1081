import type { ServiceCatalog } from "@interpose/protocol";
import type { Call } from "../call.ts";
import type { KeyContext } from "../commands/context.ts";
import type { FunctionCatalog } from "../functions/index.ts";
import type { ServiceHost } from "../hosts/service-host.ts";
import type { Vault } from "../keys/vault.ts";
import type { Database } from "../store/database.ts";

/** What the handlers of the own API need. */
export interface ApiContext {
  readonly database: Database;
  /** Opens what of keys is shown to those who may see it. */
  readonly vault: Vault;
  /** Methods and services that conditions can name at this moment: those of the own API and of the APIs behind gateways. */
  readonly catalog: () => ServiceCatalog;
  /** The same services, by where they are served. */
  readonly hosts: () => readonly ServiceHost[];
  /** Functions that conditions can name and callers invoke. */
  readonly functions: FunctionCatalog;
  /** Types of events that are known. */
  readonly eventTypes: (instanceId: string) => Promise<readonly string[]>;
  /** The context of a command that this call gives. */
  commandContext(call: Call): KeyContext;
}
