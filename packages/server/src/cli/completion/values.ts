import { conditionId } from "@interpose/engine";
import { PERMISSIONS } from "../../access/permissions.ts";
import type { Backend } from "../backend.ts";
import type { Candidate, FindValues, ValuePlace } from "./candidates.ts";

/** What values of a place are. */
type Kind = "target" | "condition" | "token" | "permission";

/** Places whose values are known, beyond choices that an option has by itself: `GROUP COMMAND ARGUMENT`, or `GROUP COMMAND --OPTION`. The same word means the same everywhere. */
const PLACES: readonly (readonly [RegExp, Kind])[] = [
  [/^targets \S+ id$| --(target|candidate|shadow)$/, "target"],
  [/^tokens \S+ id$/, "token"],
  [/ --permission$/, "permission"],
  [/ condition$| --(execution|include)$/, "condition"],
];

/** A key was pressed: who waits for longer has given up. */
const TIMEOUT_MS = 2_000;
/** More are no help. */
const MOST = 500;

/** Finds values with a backend, which is opened with the options that stand on the command line. What cannot be found, in time or at all, is nothing. */
export function createFindValues(
  withBackend: (
    options: ValuePlace["options"],
    work: (backend: Backend) => Promise<readonly Candidate[]>,
  ) => Promise<readonly Candidate[]>,
): FindValues {
  return async ({ name, options }) => {
    const kind = PLACES.find(([place]) => place.test(name))?.[1];
    if (kind === undefined) return [];
    if (kind === "permission") return PERMISSIONS.map((value) => ({ value, description: "" }));
    // Straight in the store, a command may have to start it.
    if (options.direct) return [];
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<readonly Candidate[]>((resolve) => {
      timer = setTimeout(() => resolve([]), TIMEOUT_MS);
    });
    try {
      return (await Promise.race([withBackend(options, FINDERS[kind]), late])).slice(0, MOST);
    } catch {
      return [];
    } finally {
      clearTimeout(timer);
    }
  };
}

const FINDERS: Readonly<Record<Exclude<Kind, "permission">, (backend: Backend) => Promise<readonly Candidate[]>>> = {
  target: async (backend) => (await backend.listTargets()).map(({ id, name }) => ({ value: id, description: name })),
  token: async (backend) => (await backend.listTokens(false)).map(({ id, name }) => ({ value: id, description: name })),
  condition: async (backend) =>
    (await backend.listExecutions()).map(({ condition }) => ({ value: conditionId(condition), description: "" })),
};
