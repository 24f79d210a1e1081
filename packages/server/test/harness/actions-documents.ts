import fc from "fast-check";

/** A document as it is sent: with what may be left away left away at random. */
export type TestDocument = Readonly<Record<string, unknown>> & { readonly name: string };

interface TestExecution {
  readonly condition: string;
  readonly targets: readonly { readonly target?: string; readonly include?: string }[];
}

const TARGETS = ["audit", "Check", "ΟΔΟΣ", "a b", "100%", "very:long~name", "${HOME}", 'it\'s "quoted"\n'];
const FUNCTIONS = ["price", "claims.more", "x-1"];
const EVENT_TYPES = ["order.placed", "order.paid", "user.human.added"];
const CONDITIONS = [
  "request",
  "request/interpose.v1.TargetService",
  "request/interpose.v1.TargetService/PauseTarget",
  "response",
  "response/interpose.v1.FunctionService",
  "response/interpose.v1.FunctionService/GetFunction",
  "event",
  "event/order.*",
  "event/order.placed",
  "function/preuserinfo",
  ...FUNCTIONS.map((name) => `function/${name}`),
];
const PATHS = ["user.password", "**.secret", "a.*.b"];
const DURATIONS = ["1s", "250ms", "1.5h", "0.25s", "90s", "1d", "3600s", "0.000001ms"];

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 });
const duration = fc.constantFrom(...DURATIONS);

/** Names in any case of letters: which is one and the same thing. */
const targetName = fc
  .tuple(fc.constantFrom(...TARGETS), fc.boolean())
  .map(([name, isUpper]) => (isUpper ? name.toUpperCase() : name));

const target = fc
  .record({
    name: targetName,
    type: maybe(fc.constantFrom("webhook", "call", "async")),
    endpoint: fc.constantFrom("https://a.example.com/hook", "http://b.example.com:8080/?a=b", "https://c.example.com"),
    timeout: maybe(duration),
    interruptOnError: maybe(fc.boolean()),
    dialect: maybe(fc.constantFrom("v3alpha", "v2")),
    replyMode: maybe(fc.constantFrom("dialect", "patch")),
    payloadType: maybe(fc.constantFrom("json", "jwt", "jwe")),
    delivery: maybe(
      fc.record({
        retry: maybe(fc.array(fc.constantFrom("1s", "90s", "2h"), { maxLength: 3 })),
        maxConcurrency: maybe(fc.integer({ min: 1, max: 1000 })),
        maxPerSecond: maybe(fc.integer({ min: 0, max: 100_000 })),
      }),
    ),
    egressAllow: maybe(
      fc.array(fc.constantFrom("10.0.0.0/8", "HOOKS.corp", "hooks.corp", "*.Corp", "::1/128", "fd00::/8"), {
        maxLength: 4,
      }),
    ),
    paused: maybe(fc.boolean()),
  })
  .map((each) => (each.type === "async" ? { ...each, interruptOnError: false } : each));

/** What of an execution does not depend on others. */
const execution = fc
  .record({
    condition: fc.constantFrom(...CONDITIONS),
    picks: fc.array(fc.record({ isInclude: fc.boolean(), number: fc.nat(100) }), { minLength: 1, maxLength: 4 }),
    runOnErrors: fc.boolean(),
    hiddenFields: fc.array(fc.constantFrom(...PATHS), { maxLength: 3 }),
    fifoBy: fc.constantFrom("aggregate", "payload.user.id"),
    match: fc.constantFrom("exact", "equivalent"),
    shadows: fc.array(fc.record({ number: fc.nat(100), isUpper: fc.boolean() }), { maxLength: 3 }),
    withOptions: fc.boolean(),
  })
  .map(({ withOptions, runOnErrors, hiddenFields, fifoBy, match, ...each }) => {
    const kind = each.condition.split("/")[0] ?? "";
    const isOfMethods = kind === "request" || kind === "response";
    return {
      ...each,
      options: !withOptions
        ? {}
        : {
            ...(kind === "response" && { runOnErrors }),
            // Whether a path leads anywhere is known of methods alone.
            ...(isOfMethods && each.condition.split("/").length < 3 && { hiddenFields }),
            ...(kind === "event" && { fifoBy }),
            ...(isOfMethods && each.condition.includes("/") && { match }),
          },
    };
  });

const schema = fc.constantFrom(
  { type: "object" },
  { type: "object", properties: { a: { type: "string", pattern: "^${A}$" } }, required: ["a"] },
  { maxProperties: 3, minProperties: 1.0 },
);

/** Some of an execution's own targets, some of them twice, as its shadows. Those of events have none. */
function shadowsOf(
  condition: string,
  entries: TestExecution["targets"],
  picks: readonly { readonly number: number; readonly isUpper: boolean }[],
): { readonly shadowTargets?: readonly string[] } {
  const names = entries.flatMap(({ target: name }) => (name === undefined ? [] : [name]));
  if (condition.startsWith("event") || names.length === 0) return {};
  const shadowTargets = picks.map(({ number, isUpper }) => {
    const name = names[number % names.length] ?? "";
    return isUpper ? name.toUpperCase() : name;
  });
  return { shadowTargets };
}

/**
 * Documents that can be applied, of the same few things, so that one after the other changes, makes and deletes much of them. Includes lead from later executions to earlier ones, at most three levels deep,
 * and in the document stand in any order.
 */
export function documents(name: string): fc.Arbitrary<TestDocument> {
  return fc
    .record({
      targets: fc.uniqueArray(target, { maxLength: 6, selector: ({ name: given }) => given.toLowerCase() }),
      executions: fc.uniqueArray(execution, { maxLength: 7, selector: ({ condition }) => condition }),
      functions: fc.uniqueArray(
        fc.record({
          name: fc.constantFrom(...FUNCTIONS),
          description: maybe(fc.constantFrom("", "what it is for", "ß 🙂")),
          input: maybe(schema),
          reply: maybe(schema),
        }),
        { maxLength: 3, selector: (each) => each.name },
      ),
      eventTypes: fc.uniqueArray(
        fc.record({ type: fc.constantFrom(...EVENT_TYPES), description: maybe(fc.constantFrom("", "of the shop")) }),
        { maxLength: 3, selector: ({ type }) => type },
      ),
      turn: fc.nat(6),
    })
    .map(({ targets, executions, functions, eventTypes, turn }) => {
      const there = new Set(functions.map((each) => `function/${each.name}`));
      const possible = executions.filter(
        ({ condition }) =>
          !condition.startsWith("function/") || condition.endsWith("preuserinfo") || there.has(condition),
      );
      const levels = new Map<string, number>();
      const made: TestExecution[] = [];
      for (const { condition, picks, shadows, options } of possible) {
        const includable = made.filter((each) => (levels.get(each.condition) ?? 1) < 3);
        const entries = picks.flatMap(({ isInclude, number }): TestExecution["targets"][number][] => {
          const included = isInclude ? includable[number % includable.length] : undefined;
          const named = targets[number % targets.length];
          return included ? [{ include: included.condition }] : named ? [{ target: named.name }] : [];
        });
        const unique = [...new Map(entries.map((entry) => [JSON.stringify(entry), entry])).values()];
        if (unique.length === 0) continue;
        const below = unique.map((entry) => (entry.include === undefined ? 0 : (levels.get(entry.include) ?? 1)));
        levels.set(condition, 1 + Math.max(...below));
        made.push({ condition, targets: unique, ...options, ...shadowsOf(condition, unique, shadows) });
      }
      const turned = [...made.slice(turn % (made.length || 1)), ...made.slice(0, turn % (made.length || 1))];
      const text = JSON.stringify({ name, targets, executions: turned, functions, eventTypes });
      return JSON.parse(text) as TestDocument;
    });
}
