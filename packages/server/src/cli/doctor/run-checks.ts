import type { ReadSettings } from "../../config/index.ts";
import type { Check, Surroundings } from "./check.ts";
import { problem, skipped, type Finding } from "./finding.ts";
import { openStoreToRead, type StoreAccess } from "./store-access.ts";
import { reasonOf } from "./words.ts";

/** What one check found. */
export interface Report {
  readonly check: string;
  readonly findings: readonly Finding[];
}

const DEFAULT_TIMEOUT_MS = 5_000;

/**
 * Makes checks, all at once and each within its time, and answers what they found, in their order. Changes nothing, and starts nothing. `readSettings` throws as a start
 * would: what needs settings is skipped then.
 */
export async function runChecks(
  checks: readonly Check[],
  given: Pick<Surroundings, "url" | "connects" | "readSettings">,
): Promise<readonly Report[]> {
  let settings: ReadSettings | undefined;
  let opened: Promise<StoreAccess> | undefined;
  const shared = {
    ...given,
    readSettings: () => (settings ??= given.readSettings()),
    openStore: () => (opened ??= openStoreToRead(shared.readSettings().settings)),
  };
  const reports = await Promise.all(
    checks.map(async (check) => ({ check: check.name, findings: await findingsOf(check, shared) })),
  );
  // One that is still being opened by now is given up with the process.
  void opened?.then(
    (access) => ("store" in access ? access.store.database.close() : undefined),
    () => undefined,
  );
  return reports;
}

type Shared = Omit<Surroundings, "signal">;

async function findingsOf(check: Check, shared: Shared): Promise<readonly Finding[]> {
  if (check.needs === "nothing") return bounded(check, (signal) => check.run({ ...shared, signal }));
  let read: ReadSettings;
  try {
    read = shared.readSettings();
  } catch {
    return [skipped("The settings are wrong.")];
  }
  if (check.needs === "settings") return bounded(check, (signal) => check.run({ ...shared, ...read, signal }));
  const access = await inTime(shared.openStore(), check.timeoutMs).catch(() => undefined);
  if (!access || "finding" in access) return [skipped("The database cannot be looked at.")];
  const { database, instanceId, migrations } = access.store;
  if (migrations.pending.length > 0) return [skipped("The database lacks migrations.")];
  if (instanceId === undefined) return [skipped("The database is empty.")];
  return bounded(check, (signal) =>
    check.run({ ...shared, ...read, signal, instanceId, read: (work) => database.snapshotRead(work) }),
  );
}

/** What a check finds within its time. One that fails in a way that it does not expect has found a problem all the same. */
async function bounded(
  { timeoutMs }: Check,
  run: (signal: AbortSignal) => readonly Finding[] | Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  const controller = new AbortController();
  try {
    const found = await inTime((async () => run(controller.signal))(), timeoutMs);
    return found ?? [problem(`There was no answer within ${(timeoutMs ?? DEFAULT_TIMEOUT_MS) / 1000} seconds.`)];
  } catch (error) {
    return [problem(`It could not be looked at: ${reasonOf(error)}.`)];
  } finally {
    controller.abort();
  }
}

/** What is promised; undefined when it does not come in time. */
async function inTime<T>(promise: Promise<T>, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), timeoutMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
