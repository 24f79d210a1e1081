import type { Condition, Execution, MethodScope, Target } from "@interpose/engine";

/** Executions come in groups of this many, so that any multiple of it has every kind in the same proportion. */
export const GROUP = 10;

/** What all the executions call. */
export const TARGET: Target = {
  id: "1",
  name: "benchmark",
  type: "webhook",
  endpoint: "http://127.0.0.1:9/",
  timeoutMs: 1_000,
  interruptOnError: false,
  dialect: "v3alpha",
};

/** Names of the methods and services that group `g` hooks, and of one service that nobody does. */
export function namesOf(g: number): {
  readonly methods: readonly { readonly service: string; readonly method: string }[];
  readonly service: string;
  readonly unhooked: string;
} {
  const name = (kind: string): string => `acme.${kind}${g}.v1.${kind}Service`;
  return {
    methods: ["Create", "Change", "Remove"].map((method) => ({ service: name("orders"), method })),
    service: name("payments"),
    unhooked: name("reports"),
  };
}

/**
 * The conditions of group `g`: three methods and a service, each on request and response, a function and an event. None is on a method that Interpose
 * itself serves. With `all`, the last two are on all requests and all responses.
 */
export function conditionsOf(g: number, last: "function and event" | "all"): readonly Condition[] {
  const { methods, service } = namesOf(g);
  const scopes: readonly MethodScope[] = [
    ...methods.map((method) => ({ kind: "method" as const, ...method })),
    { kind: "service", service },
    ...(last === "all" ? [{ kind: "all" as const }] : []),
  ];
  return [
    ...scopes.flatMap((scope): Condition[] => [
      { kind: "request", scope },
      { kind: "response", scope },
    ]),
    ...(last === "all"
      ? []
      : [
          { kind: "function" as const, name: `function${g}` },
          { kind: "event" as const, match: { kind: "type" as const, type: `acme.order${g}.added` } },
        ]),
  ];
}

/** Executions on the conditions, each with one target. */
export function executionsOn(conditions: readonly Condition[], targetId: string = TARGET.id): readonly Execution[] {
  return conditions.map((condition) => ({ condition, entries: [{ target: targetId }] }));
}

/** `count` executions, a multiple of `GROUP`, that match none of Interpose's own methods. */
export function executionsThatMatchNothing(count: number, targetId?: string): readonly Execution[] {
  const groups = Array.from({ length: count / GROUP }, (_, g) => conditionsOf(g, "function and event"));
  return executionsOn(groups.flat(), targetId);
}
