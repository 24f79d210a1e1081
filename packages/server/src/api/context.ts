import type { Call } from "../call.ts";
import type { CommandContext } from "../commands/context.ts";
import type { Database } from "../store/database.ts";

/** What the handlers of the own API need. */
export interface ApiContext {
  readonly database: Database;
  /** Methods and services that conditions can name, sorted. */
  readonly catalog: { readonly methods: readonly string[]; readonly services: readonly string[] };
  /** The context of a command that this call gives. */
  commandContext(call: Call): CommandContext;
}
