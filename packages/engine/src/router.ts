import { versionedService } from "./api-version.ts";
import { conditionId, type EventMatch } from "./condition.ts";
import { compareEquivalents, equivalenceClass, equivalentMethodKey, type EquivalenceClass } from "./equivalence.ts";
import type { Execution } from "./execution.ts";
import { expandPlan, type Plan, type PlanSources } from "./plan.ts";

/** A method as hosts name it. Made once per method, so that looking a plan up allocates nothing. */
export interface MethodName {
  /** `/package.Service/Method` */
  readonly full: string;
  /** `package.Service` */
  readonly service: string;
}

interface MethodPlans {
  /** By `/package.Service/Method`. */
  readonly byMethod: ReadonlyMap<string, Plan>;
  readonly byService: ReadonlyMap<string, Plan>;
  readonly all: Plan | undefined;
  /** Plans that are for other versions too, by the key of their class. Undefined where there are none, so that no name need be taken apart. */
  readonly equivalent: ReadonlyMap<string, Plan> | undefined;
}

/** All plans of an instance as of one revision. Immutable: a change makes another one. */
export interface Snapshot {
  /** Tells it from every other snapshot, and can be kept without keeping the snapshot. */
  readonly identity: symbol;
  /** Revision of the store that it was made from. */
  readonly revision: bigint;
  readonly request: MethodPlans;
  readonly response: MethodPlans;
  readonly functions: ReadonlyMap<string, Plan>;
  readonly events: {
    readonly byType: ReadonlyMap<string, Plan>;
    readonly byGroup: ReadonlyMap<string, Plan>;
    readonly all: Plan | undefined;
  };
}

/** What a snapshot is made of. */
export interface SnapshotSources extends PlanSources {
  readonly revision: bigint;
}

/**
 * Compiles what the store holds into maps that answer each question with a few look-ups, however many executions there are.
 * An execution that calls nothing, because all that it names is gone, is left out: the broader one applies in its place.
 */
export function compileSnapshot(sources: SnapshotSources): Snapshot {
  const request = emptyMethodPlans();
  const response = emptyMethodPlans();
  const functions = new Map<string, Plan>();
  const events = {
    byType: new Map<string, Plan>(),
    byGroup: new Map<string, Plan>(),
    all: undefined as Plan | undefined,
  };
  for (const execution of sources.executions.values()) {
    const plan = expandPlan(execution, sources);
    if (plan.targets.length === 0) continue;
    const { condition } = execution;
    if (condition.kind === "function") functions.set(condition.name, plan);
    else if (condition.kind === "event") {
      if (condition.match.kind === "type") events.byType.set(condition.match.type, plan);
      else if (condition.match.kind === "group") events.byGroup.set(condition.match.group, plan);
      else events.all = plan;
    } else {
      const plans = condition.kind === "request" ? request : response;
      if (condition.scope.kind === "method")
        plans.byMethod.set(`/${condition.scope.service}/${condition.scope.method}`, plan);
      else if (condition.scope.kind === "service") plans.byService.set(condition.scope.service, plan);
      else plans.all = plan;
      if (plan.options?.match === "equivalent") addEquivalent((plans.equivalent ??= new Map<string, Plan>()), plan);
    }
  }
  return { identity: Symbol("snapshot"), revision: sources.revision, request, response, functions, events };
}

interface GrowingMethodPlans {
  readonly byMethod: Map<string, Plan>;
  readonly byService: Map<string, Plan>;
  all: Plan | undefined;
  equivalent: Map<string, Plan> | undefined;
}

function emptyMethodPlans(): GrowingMethodPlans {
  return { byMethod: new Map(), byService: new Map(), all: undefined, equivalent: undefined };
}

/** Of each class the first one in the order of equivalents counts. Keys of methods have a slash, and those of services have none. */
function addEquivalent(equivalent: Map<string, Plan>, plan: Plan): void {
  const own = classOf(plan);
  if (!own) return;
  const other = equivalent.get(own.key);
  const before = other && classOf(other);
  const first = !other || !before || compareEquivalents({ ...own, ...plan }, { ...before, ...other }) < 0;
  if (first) equivalent.set(own.key, plan);
}

function classOf({ condition }: Plan): EquivalenceClass | undefined {
  return condition.kind === "request" || condition.kind === "response" ? equivalenceClass(condition.scope) : undefined;
}

/** One of the places where the plan for a method may stand. */
export interface MethodLevel {
  /** What of a method the executions at this place name. */
  readonly names: "method" | "equivalent method" | "service" | "equivalent service" | "all";
  readonly find: (plans: MethodPlans, method: MethodName) => Plan | undefined;
}

/** The places where the plan for a method may stand, the most specific first: method before service before all; of a method, and of a service, the one that names it exactly comes before those that are for other versions too. */
export const METHOD_LEVELS: readonly MethodLevel[] = [
  { names: "method", find: ({ byMethod }, { full }) => byMethod.get(full) },
  {
    names: "equivalent method",
    find: ({ equivalent }, { full, service }) => {
      const family = equivalent && versionedService(service)?.family;
      if (family === undefined) return undefined;
      // What stands behind "/package.Service/".
      return equivalent?.get(equivalentMethodKey(family, full.slice(service.length + 2)));
    },
  },
  { names: "service", find: ({ byService }, { service }) => byService.get(service) },
  {
    names: "equivalent service",
    find: ({ equivalent }, { service }) => {
      const family = equivalent && versionedService(service)?.family;
      return family === undefined ? undefined : equivalent?.get(family);
    },
  },
  { names: "all", find: ({ all }) => all },
];

/**
 * Finds the plan for a method: that of the first of its levels where one stands, alone; nothing is merged. `undefined` means "not hooked". The host then passes the bytes on untouched, so a miss
 * allocates nothing, where no execution asks for equivalents.
 */
export function planForMethod(snapshot: Snapshot, side: "request" | "response", method: MethodName): Plan | undefined {
  const plans = snapshot[side];
  for (const { find } of METHOD_LEVELS) {
    const plan = find(plans, method);
    if (plan) return plan;
  }
  return undefined;
}

/** The plans of one method. */
export interface PlansOfMethod {
  readonly request: Plan | undefined;
  readonly response: Plan | undefined;
}

/**
 * Finds the plans of one method, as `planForMethod` does. It looks them up when it meets a snapshot for the first time, and then remembers
 * them: a call pays for one comparison, however many executions there are.
 */
export function createPlanFinder(method: MethodName): (snapshot: Snapshot) => PlansOfMethod {
  // A method that is never called again must not hold on to an old snapshot: its identity and the plans are all that is kept.
  let identity: symbol | undefined;
  let plans: PlansOfMethod = { request: undefined, response: undefined };
  return (snapshot) => {
    if (snapshot.identity !== identity) {
      plans = {
        request: planForMethod(snapshot, "request", method),
        response: planForMethod(snapshot, "response", method),
      };
      identity = snapshot.identity;
    }
    return plans;
  };
}

/**
 * What executions may name for an event to meet them, the most specific first: its type, then its groups from the nearest, then all. `a.b.c` is in the groups `a.b` and `a`;
 * groups are whole segments, so `user` has nothing to do with `username.changed`.
 */
export function* eventMatches(type: string): Generator<EventMatch> {
  yield { kind: "type", type };
  for (let end = type.lastIndexOf("."); end > 0; end = type.lastIndexOf(".", end - 1))
    yield { kind: "group", group: type.slice(0, end) };
  yield { kind: "all" };
}

/** Finds the plan for an event: that of the first of its matches for which there is one. */
export function planForEvent({ events }: Snapshot, type: string): Plan | undefined {
  for (const match of eventMatches(type)) {
    const plan = planOfMatch(events, match);
    if (plan) return plan;
  }
  return undefined;
}

function planOfMatch({ byType, byGroup, all }: Snapshot["events"], match: EventMatch): Plan | undefined {
  if (match.kind === "type") return byType.get(match.type);
  return match.kind === "group" ? byGroup.get(match.group) : all;
}

/** Finds the plan for a function. There is no condition on all functions. */
export function planForFunction(snapshot: Snapshot, name: string): Plan | undefined {
  return snapshot.functions.get(name);
}

/** The executions of a list, by id. */
export function executionsById(executions: Iterable<Execution>): Map<string, Execution> {
  const byId = new Map<string, Execution>();
  for (const execution of executions) byId.set(conditionId(execution.condition), execution);
  return byId;
}
