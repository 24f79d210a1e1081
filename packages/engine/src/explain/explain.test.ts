import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseConditionId } from "../condition.ts";
import { DEFAULT_EXECUTION_OPTIONS } from "../execution-options.ts";
import type { Execution, ExecutionEntry } from "../execution.ts";
import { expandPlan, MAX_PLAN_TARGETS } from "../plan.ts";
import { compileSnapshot, executionsById, planForEvent, planForFunction, planForMethod } from "../router.ts";
import type { Target } from "../target.ts";
import { target } from "../../test/arbitraries.ts";
import { explain } from "./explain.ts";
import type { Explanation } from "./explanation.ts";
import type { ExplainedSubject } from "./subject.ts";

const TARGETS = [target({ id: "1", name: "audit" }), target({ id: "2", name: "guard", type: "call" })];
const NEVER = new Set(["grpc.health.v1.Health"]);

/** An execution by its id; `~` before it: match is equivalent. Behind `=`, what it calls: targets and `+` with the id of an include. */
function execution(text: string): Execution {
  const [named = "", calls = "1"] = text.split("=");
  const id = named.replace(/^~/, "");
  const entries = calls
    .split(",")
    .filter((each) => each !== "")
    .map((each): ExecutionEntry => (each.startsWith("+") ? { include: condition(each.slice(1)) } : { target: each }));
  return {
    condition: condition(id),
    entries,
    ...(id !== named && { options: { ...DEFAULT_EXECUTION_OPTIONS, match: "equivalent" as const } }),
  };
}

function condition(id: string): Execution["condition"] {
  return parseConditionId(id) ?? assert.fail(`${id} is no condition`);
}

/** `request/acme.v1.Users/Add`, `function/name` or `event/type`. */
function subject(text: string): ExplainedSubject {
  const [kind, first = "", method = ""] = text.split("/");
  if (kind === "request" || kind === "response") return { kind, service: first, method };
  return kind === "function" ? { kind, name: first } : { kind: "event", type: first };
}

function check(given: readonly string[], what: string, targets: readonly Target[] = TARGETS): Explanation {
  return explainAmong(given.map(execution), subject(what), targets);
}

function explainAmong(
  given: readonly Execution[],
  what: ExplainedSubject,
  among: readonly Target[] = TARGETS,
): Explanation {
  const executions = executionsById(given);
  const targets = new Map(among.map((each) => [each.id, each]));
  const snapshot = compileSnapshot({ targets, executions, revision: 1n });
  return explain(what, { targets, executions, snapshot, neverHooked: NEVER });
}

describe("explain()", () => {
  const ADD = "request/acme.v1.Users/Add";
  const cases: readonly {
    readonly given: readonly string[];
    readonly what: string;
    readonly wins: string | undefined;
    /** All candidates: `+` is set, `-` is not. */
    readonly among: string;
  }[] = [
    { given: [], what: ADD, wins: undefined, among: "-request/acme.v1.Users/Add -request/acme.v1.Users -request" },
    {
      given: ["request", "request/acme.v1.Users", "response/acme.v1.Users/Add"],
      what: ADD,
      wins: "request/acme.v1.Users",
      among: "-request/acme.v1.Users/Add +request/acme.v1.Users +request",
    },
    {
      given: [
        "~request/acme.v2.Users/Add",
        "~request/acme.v3beta1.Users/Add",
        "request/acme.v4.Users/Add",
        "request/acme.v1.Users",
      ],
      what: ADD,
      wins: "request/acme.v2.Users/Add",
      among:
        "-request/acme.v1.Users/Add +request/acme.v2.Users/Add +request/acme.v3beta1.Users/Add +request/acme.v1.Users -request",
    },
    {
      given: ["~request/acme.v2.Users", "request"],
      what: ADD,
      wins: "request/acme.v2.Users",
      among: "-request/acme.v1.Users/Add -request/acme.v1.Users +request/acme.v2.Users +request",
    },
    {
      given: ["request/acme.v1.Users/Add=9", "request"],
      what: ADD,
      wins: "request",
      among: "+request/acme.v1.Users/Add -request/acme.v1.Users +request",
    },
    {
      given: ["request"],
      what: "request/grpc.health.v1.Health/Check",
      wins: undefined,
      among: "-request/grpc.health.v1.Health/Check -request/grpc.health.v1.Health +request",
    },
    { given: ["function/a"], what: "function/a", wins: "function/a", among: "+function/a" },
    { given: ["function/a"], what: "function/b", wins: undefined, among: "-function/b" },
    {
      given: ["event", "event/user.*"],
      what: "event/user.human.added",
      wins: "event/user.*",
      among: "-event/user.human.added -event/user.human.* +event/user.* +event",
    },
  ];
  for (const { given, what, wins, among } of cases) {
    it(`finds ${wins ?? "nothing"} for ${what} among ${given.join(", ") || "nothing"}`, () => {
      const { plan, candidates } = check(given, what);
      assert.equal(plan?.executionId, wins);
      assert.deepEqual(
        candidates.filter((each) => each.wins).map(({ executionId }) => executionId),
        wins === undefined ? [] : [wins],
      );
      assert.equal(candidates.map(({ isSet, executionId }) => `${isSet ? "+" : "-"}${executionId}`).join(" "), among);
    });
  }

  it("says of each candidate why it wins or not", () => {
    const { candidates } = check(
      ["request/acme.v1.Users/Add=", "~request/acme.v3.Users/Add", "~request/acme.v2.Users/Add", "request"],
      ADD,
    );
    assert.deepEqual(
      candidates.map(({ reason }) => reason),
      [
        "It is on the method itself, and calls nobody: it names nothing, or what it names is gone. The next one applies in its place.",
        "It is on the method in another version of its package, and for all of them (match is equivalent), and of those that are set the most specific that calls anybody.",
        "It is on the method in another version of its package, and for all of them (match is equivalent). Of several such, that of the newest version applies: request/acme.v3.Users/Add.",
        "It is not set.",
        "It is on everything. request/acme.v3.Users/Add is more specific, and applies alone.",
      ],
    );
  });

  const summaries: readonly (readonly [given: readonly string[], what: string, says: string])[] = [
    [
      [],
      ADD,
      "Nothing hooks requests of acme.v1.Users/Add: no execution is set on the method, its service, or all requests.",
    ],
    [
      ["response/acme.v1.Users/Add", "request/acme.v1.Users/Remove", "request/acme.v2.Users/Add"],
      ADD,
      "Nothing hooks requests of acme.v1.Users/Add: no execution is set on the method, its service, or all requests. Nearest: request/acme.v2.Users/Add, on the method in another version of its package; response/acme.v1.Users/Add, on its responses; request/acme.v1.Users/Remove, on another method of its service. What is on another version passes it by: request/acme.v2.Users/Add. Each is for its own version alone, unless its option match is equivalent.",
    ],
    [
      ["request/acme.v1.Users/Add=7"],
      ADD,
      "Nothing hooks requests of acme.v1.Users/Add: what request/acme.v1.Users/Add would call is gone, and nothing else is set.",
    ],
    [
      ["request=2,1"],
      ADD,
      "request hooks requests of acme.v1.Users/Add. It is on everything, and of those that are set the most specific that calls anybody. It calls 2 targets, one after the other: guard, then audit.",
    ],
    [
      ["request"],
      "request/grpc.health.v1.Health/Check",
      "Nothing hooks requests of grpc.health.v1.Health/Check: no execution runs on this service, so that health checks and reflection always answer.",
    ],
    [
      ["function/presamlresponse"],
      "function/presamlrespons",
      "Nothing hooks the function presamlrespons: no execution is set on it. Nearest: function/presamlresponse, whose name is like it.",
    ],
    [
      ["event/user.human.*", "event/user.machine.added", "event/user.human.added"],
      "event/user.human",
      "Nothing hooks events of the type user.human: no execution is set on the type, one of its groups, or all events. Nearest: event/user.human.*, on the events below it; event/user.human.added, on other events of its group user; event/user.machine.added, on other events of its group user.",
    ],
  ];
  for (const [given, what, says] of summaries)
    it(`says of ${what} among ${given.join(", ") || "nothing"} what a newcomer understands`, () =>
      assert.equal(check(given, what).summary, says));

  it("shows by which executions each target is included", () => {
    const { steps, isCut } = check(
      ["request/a.B/C=1,+event/x,2", "event/x=2,+event/y,9", "event/y=1"],
      "request/a.B/C",
    );
    assert.deepEqual(
      steps.map(({ place, target: { name }, includedBy }) => [place, name, includedBy]),
      [
        [1, "audit", []],
        [2, "guard", ["event/x"]],
        [3, "audit", ["event/x", "event/y"]],
        [4, "guard", []],
      ],
    );
    assert.equal(isCut, false);
  });

  it("says that a plan is cut", () => {
    const doubling = Array.from({ length: 11 }, (_, i) => `event/${i}=+event/${i + 1},1,+event/${i + 1}`);
    const { steps, isCut, summary } = check([...doubling, "event/11=1", "request=+event/0"], ADD);
    assert.equal(steps.length, MAX_PLAN_TARGETS);
    assert.ok(isCut);
    assert.match(summary, /It calls 1000 targets, which is as many as one may; the rest is left out\./);
  });
});

describe("explain() and the router", () => {
  const service = fc.constantFrom(
    "acme.v1.Users",
    "acme.v2.Users",
    "acme.v2beta1.Users",
    "acme.Users",
    "zitadel.action.v2.ActionService",
    "zitadel.action.v3alpha.ActionService",
  );
  const method = fc.constantFrom("Add", "GetTarget", "GetTargetByID");
  const type = fc
    .array(fc.constantFrom("user", "human", "added"), { minLength: 1, maxLength: 4 })
    .map((words) => words.join("."));
  const side = fc.constantFrom("request", "response");
  const id = fc.oneof(
    side,
    fc.tuple(side, service).map((parts) => parts.join("/")),
    fc.tuple(side, service, method).map((parts) => parts.join("/")),
    type.map((text) => `event/${text}`),
    type.map((text) => `event/${text}.*`),
    fc.constantFrom("event", "function/a", "function/b"),
  );
  const isVersioned = (text: string): boolean => /^(request|response)\/.*v\d/.test(text);
  const anyExecution = fc
    .record({
      id,
      isEquivalent: fc.boolean(),
      entries: fc.array(
        fc.oneof(
          fc.constantFrom("1", "2", "gone"),
          id.map((text) => `+${text}`),
        ),
        { maxLength: 3 },
      ),
    })
    .map((given) => `${given.isEquivalent && isVersioned(given.id) ? "~" : ""}${given.id}=${given.entries.join(",")}`);
  const anySubject = fc.oneof(
    fc.tuple(side, service, method).map((parts) => parts.join("/")),
    type.map((text) => `event/${text}`),
    fc.constantFrom("function/a", "function/b", "function/c"),
  );

  it("agree on who wins and what is called, and the winner is the first candidate that calls anybody", () => {
    fc.assert(
      fc.property(fc.array(anyExecution, { maxLength: 12 }), anySubject, (given, asked) => {
        const executions = executionsById(given.map(execution));
        const what = subject(asked);
        const found = explainAmong([...executions.values()], what);
        const targets = new Map(TARGETS.map((each) => [each.id, each]));
        const snapshot = compileSnapshot({ targets, executions, revision: 1n });
        const plan =
          what.kind === "event"
            ? planForEvent(snapshot, what.type)
            : what.kind === "function"
              ? planForFunction(snapshot, what.name)
              : planForMethod(snapshot, what.kind, { full: `/${what.service}/${what.method}`, service: what.service });
        assert.equal(found.candidates.find(({ wins }) => wins)?.executionId, plan?.executionId);
        assert.deepEqual(
          found.steps.map((step) => step.target.id),
          plan?.targets.map((each) => each.id) ?? [],
        );
        const calling = found.candidates.find(({ executionId }) => {
          const set = executions.get(executionId);
          return set !== undefined && expandPlan(set, { targets, executions }).targets.length > 0;
        });
        assert.equal(calling?.executionId, plan?.executionId);
        assert.equal(new Set(found.candidates.map(({ executionId }) => executionId)).size, found.candidates.length);
        for (const near of found.near) {
          assert.ok(executions.has(near.executionId), `${near.executionId} is set`);
          assert.ok(!found.candidates.some(({ executionId }) => executionId === near.executionId), near.executionId);
        }
        for (const missed of found.missedByVersion) assert.ok(executions.has(missed));
        assert.notEqual(found.summary, "");
      }),
      { numRuns: 4_000 },
    );
  });
});
