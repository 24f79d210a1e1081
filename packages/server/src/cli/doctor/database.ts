import type { Check } from "./check.ts";
import { mostConnections } from "../../store/connections.ts";
import type { Settings } from "../../config/index.ts";
import { ok, problem, warning, type Finding } from "./finding.ts";
import type { ReadableStore } from "./store-access.ts";
import { spanOf } from "./words.ts";

/** One that says nothing is told of, and not waited for. */
const STORE_TIMEOUT_MS = 6_000;
/** PostgreSQL 15. */
const OLDEST_VERSION = 150_000;
/** Differences of clocks that show in the order of times, and that leases cannot bear. */
const CLOCK = { seenMs: 2_000, badMs: 30_000 };

/** Whether the store can be reached, and how it stands to this program and its settings. */
export const database: Check = {
  name: "database",
  needs: "nothing",
  timeoutMs: STORE_TIMEOUT_MS,
  run: async ({ readSettings, openStore }) => {
    const { settings } = readSettings();
    const access = await openStore();
    return "finding" in access ? [access.finding] : databaseFindings(access.store, settings);
  },
};

/** What there is to say of a store that could be opened: its version, migrations, clock and connections. */
function databaseFindings(store: ReadableStore, settings: Settings): readonly Finding[] {
  const { description, postgres, migrations } = store;
  const { pending } = migrations;
  const findings: Finding[] = [];
  if (postgres.versionNumber < OLDEST_VERSION)
    findings.push(problem(`PostgreSQL ${postgres.version} is older than 15.`, "Use PostgreSQL 15 or newer."));
  if (pending.length > 0) {
    const mend = 'The next start brings it up to date, and so does "interpose db migrate".';
    findings.push(warning(`The database lacks ${pending.length} of ${migrations.known} migrations.`, mend));
  } else if (store.instanceId === undefined)
    findings.push(ok("The database is empty: no server has started on it yet."));
  findings.push(ok(`${description} answers: version ${postgres.version}, ${migrations.applied} migrations.`));
  return [...findings, clockFinding(postgres.now.getTime() - store.askedAt), connectionsFinding(store, settings)];
}

/** Whether two clocks agree. `differenceMs`: by how much the database's is ahead. */
export function clockFinding(differenceMs: number): Finding {
  const ms = Math.abs(differenceMs);
  if (ms < CLOCK.seenMs) return ok("The clocks of this machine and of the database agree.");
  const text = `The clock of the database is ${spanOf(ms)} ${differenceMs > 0 ? "ahead of" : "behind"} that of this machine.`;
  const mend = "Let both follow the same time server (NTP).";
  return ms < CLOCK.badMs ? warning(text, mend) : problem(text, mend);
}

/** Whether PostgreSQL takes as many connections as the settings ask for. */
function connectionsFinding({ postgres }: ReadableStore, settings: Settings): Finding {
  const { maxConnections, connections } = postgres;
  const needed = mostConnections(settings);
  const text = `A server has up to ${needed} connections; PostgreSQL takes ${maxConnections}, and has ${connections} now.`;
  const mend = "Lower database.maxConnections, or raise max_connections of PostgreSQL.";
  if (needed > maxConnections) return problem(text, mend);
  if (connections > maxConnections * 0.9) return warning(text, mend);
  return ok(text);
}
