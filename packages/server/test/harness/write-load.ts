import type { TestServer } from "./server.ts";

/** What one writer has made: targets by name, and what its conditions call. */
export interface WriterState {
  /** Path of each target's endpoint, by the target's name. */
  readonly targets: ReadonlyMap<string, string>;
  /** Names of the targets that a condition calls, by the condition as JSON. */
  readonly executions: ReadonlyMap<string, readonly string[]>;
}

/** One write. */
export type Operation =
  | { readonly kind: "create"; readonly name: string }
  | { readonly kind: "update"; readonly name: string; readonly path: string }
  | { readonly kind: "delete"; readonly name: string }
  | { readonly kind: "set"; readonly condition: string; readonly names: readonly string[] }
  | { readonly kind: "unset"; readonly condition: string };

const BYPASS = { "interpose-bypass": "true" };

/** What a write makes of a state, as the API promises it. */
export function applied({ targets, executions }: WriterState, operation: Operation): WriterState {
  const nextTargets = new Map(targets);
  const nextExecutions = new Map(executions);
  switch (operation.kind) {
    case "create":
      nextTargets.set(operation.name, `/${operation.name}`);
      break;
    case "update":
      nextTargets.set(operation.name, operation.path);
      break;
    case "delete":
      nextTargets.delete(operation.name);
      for (const [condition, names] of executions) {
        const rest = names.filter((name) => name !== operation.name);
        if (rest.length === 0) nextExecutions.delete(condition);
        else nextExecutions.set(condition, rest);
      }
      break;
    case "set":
      nextExecutions.set(operation.condition, operation.names);
      break;
    case "unset":
      nextExecutions.delete(operation.condition);
  }
  return { targets: nextTargets, executions: nextExecutions };
}

/** A writer whose writes follow each other, so that at most one of them is in doubt when the server is killed. */
export interface Writer {
  readonly prefix: string;
  /** Conditions that this writer alone sets, as JSON. */
  readonly conditions: readonly string[];
  /** What was acknowledged. */
  state: WriterState;
  /** Ids of its targets, by name. */
  readonly ids: Map<string, string>;
  /** The write that was sent and not answered. */
  inDoubt: Operation | undefined;
  count: number;
}

/** A new writer, which has made nothing. */
export function createWriter(prefix: string, conditions: readonly string[]): Writer {
  return {
    prefix,
    conditions,
    state: { targets: new Map(), executions: new Map() },
    ids: new Map(),
    inDoubt: undefined,
    count: 0,
  };
}

/** What writers have in common. */
export interface WriteLoad {
  readonly server: TestServer;
  readonly endpoint: string;
  readonly random: () => number;
  /** Told of each write that is acknowledged. */
  readonly onAcknowledged: () => void;
}

/** Writes until `most` writes are acknowledged or the server is gone. Anything but success or a broken connection throws. */
export async function writeUntilKilled(
  { server, endpoint, random, onAcknowledged }: WriteLoad,
  writer: Writer,
  most: number,
): Promise<number> {
  for (let acknowledged = 0; ; acknowledged++) {
    if (acknowledged === most) return acknowledged;
    const operation = nextOperation(writer, random);
    writer.inDoubt = operation;
    const answer = await send(server, endpoint, writer, operation).catch(() => undefined);
    if (answer === undefined || answer.status === 503) return acknowledged;
    if (answer.status >= 300)
      throw new Error(`${JSON.stringify(operation)} was refused: ${JSON.stringify(answer.body)}`);
    if (operation.kind === "create") writer.ids.set(operation.name, (answer.body as { id: string }).id);
    writer.state = applied(writer.state, operation);
    writer.inDoubt = undefined;
    onAcknowledged();
  }
}

function nextOperation(writer: Writer, random: () => number): Operation {
  const names = [...writer.state.targets.keys()];
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const dice = random();
  if (names.length < 2 || dice < 0.2) return { kind: "create", name: `${writer.prefix}-${writer.count++}` };
  if (dice < 0.35) return { kind: "update", name: pick(names), path: `/${writer.prefix}-moved-${writer.count++}` };
  if (dice < 0.5) return { kind: "delete", name: pick(names) };
  const set = [...writer.state.executions.keys()];
  if (dice < 0.6 && set.length > 0) return { kind: "unset", condition: pick(set) };
  const first = pick(names);
  const second = pick(names);
  return { kind: "set", condition: pick(writer.conditions), names: first === second ? [first] : [first, second] };
}

function send(
  server: TestServer,
  endpoint: string,
  writer: Writer,
  operation: Operation,
): ReturnType<TestServer["request"]> {
  const request = (verb: string, path: string, body?: unknown) => server.request(verb, path, body, { headers: BYPASS });
  switch (operation.kind) {
    case "create":
      return request("POST", "/v3alpha/targets", {
        name: operation.name,
        endpoint: `${endpoint}/${operation.name}`,
        timeout: "5s",
        restWebhook: {},
      });
    case "update":
      return request("PUT", `/v3alpha/targets/${writer.ids.get(operation.name)}`, {
        endpoint: endpoint + operation.path,
      });
    case "delete":
      return request("DELETE", `/v3alpha/targets/${writer.ids.get(operation.name)}`);
    case "set":
      return request("PUT", "/v3alpha/executions", {
        condition: JSON.parse(operation.condition) as unknown,
        targets: operation.names.map((name) => ({ target: writer.ids.get(name) })),
      });
    case "unset":
      return request("DELETE", "/v3alpha/executions", { condition: JSON.parse(operation.condition) as unknown });
  }
}

/** What the server holds, for each writer, and the conditions of all executions. */
export async function readStates(
  server: TestServer,
  writers: readonly Writer[],
): Promise<ReadonlyMap<Writer, WriterState>> {
  const targets = await server.request("POST", "/v3alpha/targets/search", {}, { headers: BYPASS });
  const executions = await server.request("POST", "/v3alpha/executions/search", {}, { headers: BYPASS });
  const names = new Map<string, string>();
  const states = new Map(
    writers.map((writer) => [writer, { targets: new Map<string, string>(), executions: new Map<string, string[]>() }]),
  );
  for (const { targetId, name, endpoint } of targets.body.result ?? []) {
    names.set(targetId, name);
    const writer = writers.find(({ prefix }) => name.startsWith(`${prefix}-`));
    if (!writer) throw new Error(`nobody made the target ${name}`);
    writer.ids.set(name, targetId);
    states.get(writer)?.targets.set(name, new URL(endpoint).pathname);
  }
  for (const { Condition, targets: entries } of executions.body.result ?? []) {
    const condition = JSON.stringify(Condition);
    const writer = writers.find(({ conditions }) => conditions.includes(condition));
    if (!writer) throw new Error(`nobody set the condition ${condition}`);
    states.get(writer)?.executions.set(
      condition,
      entries.map(({ target }: { target: string }) => names.get(target) ?? `unknown target ${target}`),
    );
  }
  return states;
}

/** A state as text, for comparing. */
export function stateText({ targets, executions }: WriterState): string {
  return JSON.stringify([[...targets].sort(), [...executions].sort()]);
}
