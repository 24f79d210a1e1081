// The look-ups alone, in a process of their own: once for each repeat, since each process hashes strings in another way.
import { compileSnapshot, createPlanFinder, executionsById, planForMethod } from "@interpose/engine";
import type { Execution, MethodName, Snapshot } from "@interpose/engine";
import { answerQuestions } from "../harness/child.ts";
import { conditionsOf, executionsOn, GROUP, namesOf, TARGET } from "../harness/executions.ts";
import { median, medians } from "../harness/statistics.ts";
import { takeTurns, type Pair } from "../harness/turns.ts";
import { CALLED, HOOKED_BY, STORED, type Lookups } from "./cases.ts";

/** What is measured: looking up both plans of each call. The sum keeps it from being optimised away. */
type Routing = (calls: number) => number;

/** Groups that are measured one after another, so that no luck of one group's names decides. */
const GROUPS = 10;
/** Calls by which the few methods are measured at a time: short, so that the machine seldom takes the processor away meanwhile. */
const CALLS_OF_FEW = 2_000;
const WARM_UP = 8;

let sum = 0;

const answers = {
  measure({ rounds }: { readonly rounds: number }): Promise<readonly Lookups[]> {
    return measure(rounds);
  },
  /** Milliseconds for compiling each number of executions. */
  async compile({ rounds }: { readonly rounds: number }): Promise<Pair<number>> {
    const few = sourcesOf(groups(0, STORED.a), "function and event");
    const many = sourcesOf(groups(0, STORED.b), "function and event");
    const turns = await takeTurns(rounds, {
      a: () => milliseconds(() => (sum += compileSnapshot(few).functions.size)),
      b: () => milliseconds(() => (sum += compileSnapshot(many).functions.size)),
    });
    const kept = turns.slice(Math.min(WARM_UP, rounds - 1));
    return medians(kept);
  },
};

/** What this program answers. */
export type InProcessAnswers = typeof answers;

answerQuestions(answers);

async function measure(rounds: number): Promise<readonly Lookups[]> {
  const rows: Lookups[] = [];
  for (const hookedBy of HOOKED_BY) {
    for (const called of ["few", "many"] as const) {
      for (const how of ["call", "maps"] as const) rows.push(await measureRow(how, called, hookedBy, rounds));
    }
  }
  if (!(sum > 0)) throw new Error("no look-up found anything");
  return rows;
}

async function measureRow(
  how: Lookups["how"],
  called: Lookups["called"],
  hookedBy: Lookups["hookedBy"],
  rounds: number,
): Promise<Lookups> {
  const last = hookedBy === "all" ? "all" : "function and event";
  const many = snapshotOf(groups(0, STORED.b), last);
  const routing = how === "call" ? routingOfCalls : routingByMaps;
  // Few methods are the same ones in both cases. Many methods can't all be hooked by few executions of their own: there, a thousand
  // of them share one, and what the two cases have the same of is the number of methods.
  const pairs: readonly Pair<Routing>[] = Array.from({ length: called === "few" ? GROUPS : 1 }, (_, g) => {
    const stored = groups(g, STORED.a);
    const hooked = called === "few" ? stored : groups(0, STORED.b);
    return {
      a: routing(snapshotOf(stored, last), methods(hookedBy, stored, CALLED[called])),
      b: routing(many, methods(hookedBy, hooked, CALLED[called])),
    };
  });
  const calls = called === "few" ? CALLS_OF_FEW : CALLED.many;
  const nanoseconds = (side: "a" | "b", pair: Pair<Routing>): number =>
    (milliseconds(() => (sum += pair[side](calls))) * 1e6) / calls;
  const ratios: number[] = [];
  const all: Pair<number>[] = [];
  for (const pair of pairs) {
    const turns = await takeTurns(WARM_UP + rounds, {
      a: () => nanoseconds("a", pair),
      b: () => nanoseconds("b", pair),
    });
    const kept = turns.slice(WARM_UP);
    all.push(...kept);
    ratios.push(median(kept.map(({ a, b }) => b / a)));
  }
  return {
    how,
    called,
    hookedBy,
    nanoseconds: medians(all),
    ratio: median(ratios),
  };
}

/** As a host routes a call: it has a finder for each of its methods. */
function routingOfCalls(snapshot: Snapshot, names: readonly MethodName[]): Routing {
  return inTurn(
    names.map((name) => createPlanFinder(name)),
    (find) => {
      const request = find(snapshot).request?.targets.length ?? 0;
      return request + (find(snapshot).response?.targets.length ?? 0);
    },
  );
}

/** Without what a finder keeps: what the first call of a method costs after a change of the executions. */
function routingByMaps(snapshot: Snapshot, names: readonly MethodName[]): Routing {
  return inTurn(names, (name) => {
    const request = planForMethod(snapshot, "request", name)?.targets.length ?? 0;
    return request + (planForMethod(snapshot, "response", name)?.targets.length ?? 0);
  });
}

/**
 * Does `one` for one thing after another, in an order of chance. The order is kept beside the things, since the garbage collector moves
 * things to where a list of them says, and reading memory from its beginning to its end is faster than calls that come as they come.
 */
function inTurn<T>(things: readonly T[], one: (thing: T) => number): Routing {
  const order = Uint32Array.from(shuffled(things.map((_, i) => i)));
  let next = 0;
  return (calls) => {
    let targets = 0;
    for (let i = 0; i < calls; i++) {
      const thing = things[order[next] ?? 0];
      if (++next === order.length) next = 0;
      if (thing) targets += one(thing);
    }
    return targets;
  };
}

/** Numbers of the groups that hold so many executions. */
function groups(first: number, executions: number): readonly number[] {
  return Array.from({ length: executions / GROUP }, (_, i) => first + i);
}

function executionsOf(of: readonly number[], last: "function and event" | "all"): readonly Execution[] {
  // One group alone can have the executions on all: there is only one of them for each side.
  return executionsOn(of.flatMap((g, i) => conditionsOf(g, i === 0 ? last : "function and event")));
}

function sourcesOf(of: readonly number[], last: "function and event" | "all"): Parameters<typeof compileSnapshot>[0] {
  return {
    targets: new Map([[TARGET.id, TARGET]]),
    executions: executionsById(executionsOf(of, last)),
    revision: 1n,
  };
}

function snapshotOf(of: readonly number[], last: "function and event" | "all"): Snapshot {
  return compileSnapshot(sourcesOf(of, last));
}

/** Names of methods to call. Each has texts of its own, as a host's have. */
function methods(hookedBy: Lookups["hookedBy"], of: readonly number[], count: number): readonly MethodName[] {
  return Array.from({ length: count }, (_, i): MethodName => {
    const group = namesOf(of[i % of.length] ?? 0);
    const turn = Math.floor(i / of.length);
    const hooked = group.methods[turn % group.methods.length];
    if (hookedBy === "method" && hooked) return methodName(hooked.service, hooked.method);
    return methodName(hookedBy === "service" ? group.service : group.unhooked, `Method${i}`);
  });
}

function methodName(service: string, method: string): MethodName {
  return { full: `/${service}/${method}`, service: Buffer.from(service).toString() };
}

function shuffled<T>(values: readonly T[]): readonly T[] {
  return values
    .map((value) => ({ value, at: Math.random() }))
    .sort((x, y) => x.at - y.at)
    .map(({ value }) => value);
}

function milliseconds(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}
