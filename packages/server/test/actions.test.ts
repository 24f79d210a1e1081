import assert from "node:assert/strict";
import { before, beforeEach, describe, it } from "node:test";
import { createDatabase, type Database } from "../src/store/database.ts";
import { apply, applied, bypassing, dumpOf, inWords, planOf } from "./harness/actions.ts";
import { cleanUp, forSuite } from "./harness/cleanup.ts";
import { eventually } from "./harness/eventually.ts";
import { storeOf } from "./harness/events.ts";
import { newDatabaseUrl } from "./harness/postgres.ts";
import { assertRefused, metadataOf, violationsOf } from "./harness/refusals.ts";
import { startServer, type JsonAnswer, type TestServer } from "./harness/server.ts";

const ENDPOINT = "https://example.com/hook";
const METHOD = "request/interpose.v1.TargetService/PauseTarget";

const audit = { name: "audit", endpoint: ENDPOINT, timeout: "5s" };
const check = { name: "check", endpoint: ENDPOINT, type: "call" };
const onMethod = { condition: METHOD, targets: [{ target: "audit" }] };
const price = { name: "price", description: "what it costs" };
const FULL = {
  name: "shop",
  targets: [audit, check],
  executions: [onMethod, { condition: "event/order.*", targets: [{ include: METHOD }, { target: "check" }] }],
  functions: [price],
  eventTypes: [{ type: "order.placed" }],
};

describe("ActionsService", () => {
  const suite = forSuite();
  let server: TestServer;
  let database: Database;
  before(async () => {
    server = await startServer(suite, { env: { INTERPOSE_DELIVERIES_ENABLED: "false" } });
    database = await storeOf(suite, server);
  });
  /** Nothing is left of the test before. */
  beforeEach(async () => {
    const all = (await bypassing(server, "GET", "/v1/actions:export")).body.document as object;
    await applied(server, { ...all, name: "all" }, { adopt: true });
    await applied(server, { name: "all" });
    const { body } = await bypassing(server, "GET", "/v1/actions:export");
    assert.deepEqual(body.document, { name: "default" });
  });

  const idOf = async (name: string): Promise<string> => {
    const filters = [{ targetNameFilter: { targetName: name } }];
    const { body } = await bypassing(server, "POST", "/v2/actions/targets/search", { filters });
    return body.targets?.[0]?.id as string;
  };
  const newTarget = async (name: string): Promise<string> => {
    const target = { name, endpoint: ENDPOINT, timeout: "3s", restAsync: {} };
    return (await bypassing(server, "POST", "/v3alpha/targets", target)).body.id as string;
  };
  const setFor = (type: string, targets: readonly object[]): Promise<JsonAnswer> =>
    bypassing(server, "PUT", "/v3alpha/executions", { condition: { event: { event: type } }, targets });
  const optionsOf = async (execution: string): Promise<any> =>
    (await bypassing(server, "GET", `/v1/executionOptions/${execution}`)).body.options;

  it("makes what a document says, in the order that things need, and nothing the second time", async () => {
    assert.deepEqual(inWords(await applied(server, FULL)), [
      "create function price",
      "create event_type order.placed",
      "create target audit",
      "create target check",
      `create execution ${METHOD}`,
      "create execution event/order.*",
    ]);
    const dump = await dumpOf(database);
    assert.deepEqual(await applied(server, FULL), []);
    assert.deepEqual(await dumpOf(database), dump, "not even a row is written");
  });

  it("tells and makes what changes, field by field", async () => {
    await applied(server, FULL);
    const id = await idOf("audit");
    const changed = {
      ...FULL,
      targets: [{ ...audit, name: "Audit", timeout: "1m", delivery: { retry: ["1s"] } }, check],
      executions: [{ ...onMethod, targets: [{ target: "check" }, { target: "AUDIT" }], hiddenFields: ["reason"] }],
    };
    const changes = await applied(server, changed);
    assert.deepEqual(inWords(changes), [
      "update target Audit",
      "delete execution event/order.*",
      `update execution ${METHOD}`,
    ]);
    const fields = changes.map((change) => change.fields ?? []);
    assert.deepEqual(fields[0]?.slice(0, 2), [
      { field: "name", before: "audit", after: "Audit" },
      { field: "timeout", before: "5s", after: "1m" },
    ]);
    const after = [{ target: "check" }, { target: "Audit" }];
    assert.deepEqual(fields[2]?.slice(0, 1), [{ field: "targets", before: [{ target: "Audit" }], after }]);
    assert.equal(await idOf("Audit"), id, "it is the same target");
    assert.deepEqual((await optionsOf(METHOD)).hiddenFields, ["reason"]);
  });

  it("names shadows as it names targets, and forgets those that are deleted", async () => {
    const targets = [audit, check, { name: "next", endpoint: ENDPOINT }];
    const list = [{ target: "audit" }, { target: "check" }, { target: "next" }];
    const shadows = (names: readonly string[], of = list, there = targets): object => ({
      name: "shop",
      targets: there,
      executions: [{ condition: METHOD, targets: of, shadowTargets: names }],
    });
    const created = await applied(server, shadows(["NEXT", "check", "next"]));
    assert.deepEqual(created.at(-1)?.fields?.at(-1), { field: "shadowTargets", after: ["next", "check"] });
    const ids = [await idOf("next"), await idOf("check")];
    assert.deepEqual((await optionsOf(METHOD)).shadowTargets, ids);
    const { body } = await bypassing(server, "GET", "/v1/actions:export");
    assert.deepEqual(body.document.executions[0].shadowTargets, ["next", "check"]);

    const renamed = [audit, check, { name: "Next", endpoint: ENDPOINT }];
    const named = ["next", "check"];
    assert.deepEqual(inWords(await applied(server, shadows(named, list, renamed))), ["update target Next"]);
    await bypassing(server, "PATCH", `/v1/executionOptions/${METHOD}`, { shadowTargets: [ids[1]] });
    const before = ["check"];
    const field = { field: "shadowTargets", before, after: ["Next", "check"], drifted: true };
    const { changes } = await planOf(server, shadows(named, list, renamed));
    assert.deepEqual(changes.at(-1)?.fields, [field]);

    await applied(server, shadows(named, list, renamed));
    const fewer = shadows(before, list.slice(0, 2), [audit, check]);
    assert.deepEqual(inWords(await applied(server, fewer)), [`update execution ${METHOD}`, "delete target Next"]);
    assert.deepEqual(await applied(server, fewer), []);
    await bypassing(server, "DELETE", `/v2/actions/targets/${ids[1]}`);
    assert.deepEqual(inWords(await applied(server, fewer)), [
      "create target check drifted",
      `update execution ${METHOD} drifted`,
    ]);
    assert.deepEqual((await optionsOf(METHOD)).shadowTargets, [await idOf("check")]);
    assert.deepEqual(await applied(server, fewer), []);
  });

  it("leaves secrets as they are, and refuses to lead them elsewhere without the permission", async () => {
    await applied(server, FULL);
    const path = `/v1/targets/${await idOf("audit")}/outbound`;
    await bypassing(server, "PATCH", path, { headers: { authorization: "secret" } });
    const { body } = await bypassing(server, "GET", path);
    assert.deepEqual(body.outbound.headers, { authorization: "" });
    await applied(server, { ...FULL, targets: [{ ...audit, timeout: "9s" }, check] });
    assert.deepEqual((await bypassing(server, "GET", path)).body, body);
    const editor = await tokenWith("ROLE_EDITOR");
    const elsewhere = { ...FULL, targets: [{ ...audit, endpoint: "https://example.org/" }, check] };
    const answer = await apply(server, elsewhere, {}, { token: editor });
    assertRefused(answer, {
      status: 403,
      code: 7,
      reason: "PERMISSION_DENIED",
      id: "AUTHZ-AWfge",
      says: /^The target "audit": A change of/,
    });
    assert.deepEqual((await bypassing(server, "GET", path)).body, body);
    const egress = { ...FULL, targets: [{ ...audit, egressAllow: ["10.0.0.0/8"] }, check] };
    assert.equal((await apply(server, egress, {}, { token: editor })).status, 403);
  });

  describe("with what others made", () => {
    it("reports a conflict where it differs, leaves it where it does not, and takes it over when it is told to", async () => {
      const id = await newTarget("AUDIT");
      await newTarget("same");
      const same = { name: "same", endpoint: ENDPOINT, timeout: "3s", type: "async" };
      const document = { name: "shop", targets: [audit, same] };
      const planned = await planOf(server, document);
      assert.deepEqual(planned.changes, []);
      assert.deepEqual(
        planned.conflicts.map(({ name, fields }) => [name, fields.map(({ field }: { field: string }) => field)]),
        [["audit", ["name", "type", "timeout"]]],
      );
      assertRefused(await apply(server, document), {
        status: 400,
        code: 9,
        reason: "ACTIONS_CONFLICT",
        says: /^The target "audit" is there, differs, and was not made by this document\. Take it over with --adopt/,
      });
      assert.deepEqual(inWords(await applied(server, document, { adopt: true })), [
        "adopt target audit",
        "adopt target same",
      ]);
      assert.equal(await idOf("audit"), id);
      assert.deepEqual((await planOf(server, document)).changes, []);
      assert.deepEqual(inWords(await applied(server, { name: "shop" })), ["delete target audit", "delete target same"]);
    });

    it("never deletes it, and does not take anything from its executions", async () => {
      const theirs = await newTarget("theirs");
      await applied(server, {
        name: "shop",
        targets: [audit],
        executions: [{ condition: "event/a.b", targets: [{ target: "theirs" }] }],
      });
      await setFor("theirs.happened", [{ target: theirs }, { target: await idOf("audit") }]);
      const { conflicts } = await planOf(server, { name: "shop" });
      assert.match(conflicts[0].description, /is used by the execution "event\/theirs\.happened"/);
      const dump = await dumpOf(database);
      assert.equal((await apply(server, { name: "shop" })).status, 400);
      assert.deepEqual(await dumpOf(database), dump);
      await setFor("theirs.happened", [{ target: theirs }]);
      assert.deepEqual(inWords(await applied(server, { name: "shop" })), [
        "delete execution event/a.b",
        "delete target audit",
      ]);
      const { body } = await bypassing(server, "GET", "/v1/actions:export");
      assert.deepEqual(
        [body.document.targets.length, body.document.executions.map(({ condition }: any) => condition)],
        [1, ["event/theirs.happened"]],
      );
    });

    it("counts what others deleted and made anew as theirs", async () => {
      await applied(server, FULL);
      await bypassing(server, "DELETE", "/v1/functions/price");
      await bypassing(server, "POST", "/v1/functions", { name: "price", description: "theirs" });
      const { conflicts } = await planOf(server, FULL);
      assert.deepEqual(
        conflicts.map(({ name }) => name),
        ["price"],
      );
      const { status } = await apply(server, { name: "shop" });
      assert.equal(status, 200);
      assert.equal((await bypassing(server, "GET", "/v1/functions/price")).status, 200);
    });

    it("leaves what another document owns to that one", async () => {
      await applied(server, FULL);
      const other = { name: "other", targets: [{ ...audit, timeout: "9s" }] };
      assert.match((await planOf(server, other)).conflicts[0].description, /is owned by the document "shop"/);
      assert.deepEqual(await applied(server, { name: "other" }), []);
      const [change] = await applied(server, other, { adopt: true });
      assert.deepEqual([change?.kind, change?.formerOwner], ["ACTIONS_CHANGE_KIND_ADOPT", "shop"]);
      assert.match((await planOf(server, FULL)).conflicts[0].description, /is owned by the document "other"/);
    });

    it("keeps what is not named any more when it is told to, and remembers whose it is", async () => {
      await applied(server, FULL);
      const less = { name: "shop", targets: [audit] };
      assert.deepEqual(await applied(server, less, { keepUnnamed: true }), []);
      assert.deepEqual(inWords((await planOf(server, less)).changes), [
        "delete execution event/order.*",
        `delete execution ${METHOD}`,
        "delete target check",
        "delete function price",
        "delete event_type order.placed",
      ]);
    });
  });

  describe("tells what others did to what the document owns", () => {
    const edits: readonly {
      readonly what: string;
      readonly edit: () => Promise<unknown>;
      readonly tells: readonly string[];
    }[] = [
      {
        what: "a target that was changed",
        edit: async () => bypassing(server, "POST", `/v2/actions/targets/${await idOf("audit")}`, { timeout: "1s" }),
        tells: ["update target audit drifted"],
      },
      {
        what: "a target that was renamed, which gets its name back",
        edit: async () => bypassing(server, "POST", `/v2/actions/targets/${await idOf("check")}`, { name: "other" }),
        tells: ["update target check drifted"],
      },
      {
        what: "a target that was deleted, with all that is gone with it",
        edit: async () => bypassing(server, "DELETE", `/v2/actions/targets/${await idOf("audit")}`),
        tells: ["create target audit drifted", `create execution ${METHOD} drifted`],
      },
      {
        what: "an execution whose options were changed",
        edit: () => bypassing(server, "PATCH", `/v1/executionOptions/${METHOD}`, { hiddenFields: ["reason"] }),
        tells: [`update execution ${METHOD} drifted`],
      },
      {
        what: "a function that was changed",
        edit: () => bypassing(server, "PATCH", "/v1/functions/price", { description: "theirs" }),
        tells: ["update function price drifted"],
      },
      {
        what: "a type of events that was forgotten",
        edit: () => bypassing(server, "DELETE", "/v1/eventTypes/order.placed"),
        tells: ["create event_type order.placed drifted"],
      },
    ];
    for (const { what, edit, tells } of edits) {
      it(what, async () => {
        await applied(server, FULL);
        const id = await idOf("check");
        await edit();
        assert.deepEqual(inWords((await planOf(server, FULL)).changes), tells);
        await applied(server, FULL);
        assert.deepEqual((await planOf(server, FULL)).changes, []);
        assert.equal(await idOf("check"), id, "it is the same target");
      });
    }

    it("and says nothing of them where the document itself changed", async () => {
      await applied(server, FULL);
      const { changes } = await planOf(server, { ...FULL, targets: [{ ...audit, timeout: "8s" }, check] });
      assert.deepEqual(inWords(changes), ["update target audit"]);
    });
  });

  const reasonOf = ({ body }: JsonAnswer): unknown =>
    body.details?.find((detail: any) => String(detail["@type"]).endsWith("ErrorInfo"))?.reason;

  describe("changes nothing where it fails", () => {
    const on = (condition: string, ...targets: readonly object[]): object => ({ condition, targets });
    const cases: readonly { what: string; more: object; status?: number; reason: string; says?: RegExp }[] = [
      {
        what: "includes lead in a circle",
        more: {
          executions: [
            on("event/a", { include: "event/b" }),
            on("event/b", { include: "event/c" }),
            on("event/c", { include: "event/a" }),
          ],
        },
        reason: "INCLUDE_CIRCULAR",
      },
      {
        what: "includes lead too deep",
        more: {
          executions: [
            on("event/a", { include: "event/b" }),
            on("event/b", { include: "event/c" }),
            on("event/c", { include: "event/d" }),
            on("event/d", { target: "new" }),
          ],
        },
        reason: "INCLUDE_TOO_DEEP",
      },
      {
        what: "nobody serves a method",
        more: { executions: [on("request/acme.v1.Users/Add", { target: "new" })] },
        status: 404,
        reason: "CONDITION_UNKNOWN",
        says: /^The execution "request\/acme/,
      },
      {
        what: "a path leads to no field",
        more: { executions: [{ ...onMethod, targets: [{ target: "new" }], hiddenFields: ["nothing"] }] },
        reason: "OPTIONS_INVALID",
      },
      {
        what: "a target is not there",
        more: { executions: [on("event/a", { target: "nobody" })] },
        status: 404,
        reason: "TARGET_NOT_FOUND",
      },
      {
        what: "a shadow is not there",
        more: { executions: [{ ...on(METHOD, { target: "new" }), shadowTargets: ["NEW", "audit"] }] },
        status: 404,
        reason: "TARGET_NOT_FOUND",
        says: /^The execution "request\/.*", shadowTargets\[1\]: there is no target "audit", or the document takes it away\./,
      },
      {
        what: "a shadow is not called",
        more: {
          targets: [
            { name: "new", endpoint: ENDPOINT },
            { name: "idle", endpoint: ENDPOINT },
          ],
          executions: [{ ...on(METHOD, { target: "new" }), shadowTargets: ["idle"] }],
        },
        reason: "OPTIONS_INVALID",
        says: /shadow_targets name \d+ \("idle"\), which request\/.* does not call: it calls \d+ \("new"\)\./,
      },
      {
        what: "an include is not there",
        more: { executions: [on("event/a", { include: "event/b" })] },
        status: 404,
        reason: "INCLUDE_NOT_FOUND",
      },
      {
        what: "the name of a function is taken",
        more: { functions: [{ name: "preuserinfo" }] },
        status: 409,
        reason: "FUNCTION_EXISTS",
      },
      { what: "the document is none", more: { targets: [{ name: "x" }] }, reason: "ACTIONS_INVALID" },
    ];
    for (const { what, more, status = 400, reason, says } of cases) {
      it(`since ${what}, and a plan says so too`, async () => {
        await applied(server, FULL);
        const document = {
          name: "shop",
          targets: [{ name: "new", endpoint: ENDPOINT }],
          eventTypes: [{ type: "new.type" }],
          ...more,
        };
        const dump = await dumpOf(database);
        for (const verb of ["plan", "apply"]) {
          const answer = await bypassing(server, "POST", `/v1/actions:${verb}`, { document });
          const found = reasonOf(answer);
          assert.deepEqual([answer.status, found], [status, reason], JSON.stringify(answer.body));
          assert.match(answer.body.message as string, says ?? /./);
          assert.deepEqual(await dumpOf(database), dump, verb);
        }
      });
    }

    it("since a target that it names would be deleted", async () => {
      await applied(server, FULL);
      const document = { ...FULL, targets: [check] };
      const answer = await apply(server, document);
      assertRefused(answer, {
        status: 404,
        code: 5,
        reason: "TARGET_NOT_FOUND",
        says: /or the document takes it away/,
      });
      assert.deepEqual(
        violationsOf(answer).map(({ field }) => field),
        ["document.executions[0].targets[0]"],
      );
    });

    it("since its process is killed in the middle of it", async (t) => {
      const url = await newDatabaseUrl(t);
      const victim = await startServer(t, { databaseUrl: url });
      const looking = createDatabase({ url });
      cleanUp(t, () => looking.close());
      await applied(victim, FULL);
      const dump = await dumpOf(looking);
      const targets = Array.from({ length: 3_000 }, (_, i) => ({ name: `t ${i}`, endpoint: ENDPOINT }));
      const applying = apply(victim, { name: "shop", targets }).catch(() => undefined);
      const writing = async (): Promise<number> => {
        const rows = await looking.query<{ count: number }>({
          text: `select count(*)::int as count from pg_stat_activity
                 where datname = current_database() and pid <> pg_backend_pid() and backend_xid is not null`,
          values: [],
        });
        return rows[0]?.count ?? 0;
      };
      await eventually("it writes", async () => (await writing()) > 0, 30_000);
      await victim.kill();
      assert.equal(await applying, undefined, "it was not done");
      await eventually("its transaction is over", async () => (await writing()) === 0, 30_000);
      assert.deepEqual(await dumpOf(looking), dump);
    });
  });

  it("applies the plan with the fingerprint that is given, and none that another state led to", async () => {
    const { fingerprint } = await planOf(server, FULL);
    await newTarget("theirs");
    assert.equal(
      (await planOf(server, FULL)).fingerprint,
      fingerprint,
      "what has nothing to do with it changes nothing",
    );
    await applied(server, { name: "shop", functions: [price] });
    const dump = await dumpOf(database);
    assertRefused(await apply(server, FULL, { fingerprint }), {
      status: 409,
      code: 10,
      reason: "ACTIONS_CHANGED",
      says: /^Things have changed since the plan was made/,
    });
    assert.deepEqual(await dumpOf(database), dump);
    const now = await planOf(server, FULL);
    assert.equal((await apply(server, FULL, { fingerprint: now.fingerprint })).status, 200);
  });

  it("applies several documents at once, each whole", async () => {
    const documents = Array.from({ length: 6 }, (_, i) => ({
      name: `document-${i}`,
      targets: [1, 2, 3].map((n) => ({ name: `t ${i} ${n}`, endpoint: ENDPOINT })),
      executions: [{ condition: `event/e.${i}`, targets: [{ target: `t ${i} 1` }] }],
    }));
    const contested = [1, 2].map((i) => ({
      name: `rival-${i}`,
      functions: [{ name: "contested", description: `${i}` }],
    }));
    const answers = await Promise.all([...documents, ...documents, ...contested].map((each) => apply(server, each)));
    assert.deepEqual(
      answers.slice(0, 12).map(({ status }) => status),
      Array(12).fill(200),
    );
    assert.deepEqual(
      answers
        .slice(12)
        .map(({ status }) => status)
        .sort(),
      [200, 400],
      "one of them was first",
    );
    for (const document of documents) assert.deepEqual((await planOf(server, document)).changes, []);
  });

  async function tokenWith(role: string | readonly string[]): Promise<string> {
    const rights = typeof role === "string" ? { role } : { permissions: role };
    return (await bypassing(server, "POST", "/v1/tokens", { name: "for actions", ...rights })).body.token as string;
  }

  describe("asks for the permissions of each change", () => {
    const READING = ["execution.target.read", "execution.read", "function.read", "event.read"];
    const cases: readonly { what: string; document: object; needs: string; from?: object }[] = [
      { what: "make a target", document: { targets: [audit] }, needs: "execution.target.write" },
      {
        what: "change a target",
        from: { targets: [check] },
        document: { targets: [{ ...check, timeout: "1s" }] },
        needs: "execution.target.write",
      },
      { what: "delete a target", from: { targets: [check] }, document: {}, needs: "execution.target.delete" },
      {
        what: "pause a target",
        from: { targets: [check] },
        document: { targets: [{ ...check, paused: true }] },
        needs: "delivery.write",
      },
      {
        what: "delete an execution",
        from: { targets: [audit], executions: [onMethod] },
        document: { targets: [audit] },
        needs: "execution.delete",
      },
      {
        what: "set an execution",
        from: { targets: [audit] },
        document: { targets: [audit], executions: [onMethod] },
        needs: "execution.write",
      },
      { what: "make a function", document: { functions: [price] }, needs: "function.write" },
      { what: "delete a function", from: { functions: [price] }, document: {}, needs: "function.delete" },
      { what: "declare a type of events", document: { eventTypes: [{ type: "a.b" }] }, needs: "event.write" },
    ];
    for (const { what, document, needs, from = {} } of cases) {
      it(`to ${what}: ${needs}`, async () => {
        const named = { name: "shop", ...document };
        await applied(server, { name: "shop", ...from });
        const reading = [...READING, "delivery.read"];
        const reader = await tokenWith(reading);
        const dump = await dumpOf(database);
        const answer = await apply(server, named, {}, { token: reader });
        assertRefused(answer, {
          status: 403,
          code: 7,
          reason: "PERMISSION_DENIED",
          id: "AUTHZ-AWfge",
          says: /Nothing was changed/,
        });
        assert.deepEqual(metadataOf(answer), { permission: needs });
        const plan = await bypassing(server, "POST", "/v1/actions:plan", { document: named }, { token: reader });
        assert.deepEqual([plan.status, plan.body.changes.length], [200, 1], "who may read may plan");
        assert.deepEqual(await dumpOf(database), dump);
        const writer = await tokenWith([...reading, needs]);
        const { status, body } = await apply(server, named, {}, { token: writer });
        assert.equal(status, 200, JSON.stringify(body));
      });
    }

    it("and to read what a plan or an export shows", async () => {
      await applied(server, FULL);
      for (const missing of [...READING, "delivery.read"]) {
        const token = await tokenWith([...READING, "delivery.read"].filter((each) => each !== missing));
        const exported = await bypassing(server, "GET", "/v1/actions:export", undefined, { token });
        assert.deepEqual([exported.status, metadataOf(exported)], [403, { permission: missing }]);
        const document = { ...FULL, targets: [{ ...audit, paused: true }, check] };
        const planned = await bypassing(server, "POST", "/v1/actions:plan", { document }, { token });
        assert.deepEqual([planned.status, metadataOf(planned)], [403, { permission: missing }]);
      }
      const own = await bypassing(
        server,
        "POST",
        "/v1/actions:plan",
        { document: { name: "shop" } },
        { token: await tokenWith("ROLE_NONE") },
      );
      assert.equal(own.status, 403, "what a document owns is told to nobody either");
    });
  });

  it("names each place of a document that is wrong, and what is expected there", async () => {
    const document = {
      name: "shop",
      targets: [
        { name: "a", endpoint: "ftp://x", timeout: "soon", extra: 1 },
        { name: "b", endpoint: ENDPOINT },
      ],
      executions: [
        { condition: "request/", targets: [{ target: "a", include: "event" }] },
        { condition: "event", targets: [{ target: "b" }], shadowTargets: ["b"] },
      ],
    };
    const answer = await apply(server, document);
    assertRefused(answer, {
      status: 400,
      code: 3,
      reason: "ACTIONS_INVALID",
      says: /document\.targets\[0\]\.timeout: must be a length/,
    });
    assert.deepEqual(
      violationsOf(answer)
        .map(({ field }) => field)
        .sort(),
      [
        "document.executions[0].condition",
        "document.executions[0].targets[0]",
        "document.executions[1].shadowTargets",
        "document.targets[0].endpoint",
        "document.targets[0].extra",
        "document.targets[0].timeout",
      ],
    );
  });
});
