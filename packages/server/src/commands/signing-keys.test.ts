import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { InterposeError } from "@interpose/engine";
import { forSuite } from "../../test/harness/cleanup.ts";
import { openTestDatabase } from "../../test/harness/postgres.ts";
import { eventually } from "../../test/harness/eventually.ts";
import { contextOf, NEVER_MS, newInstance, newTarget, openRouter, TEST_VAULT } from "../../test/harness/routers.ts";
import { readableSigningKeys } from "../api/readable-signing-keys.ts";
import { createKeyBook, type KeyBook } from "../keys/book.ts";
import { giveMissingKeys } from "../keys/give-missing-keys.ts";
import { newId } from "../ids.ts";
import { startLiveRouter, type LiveRouter } from "../router/live-router.ts";
import type { Database } from "../store/database.ts";
import { listSigningKeys } from "../store/sql/list-signing-keys.ts";
import { loadKeys } from "../store/sql/load-keys.ts";
import { createTarget } from "./create-target.ts";
import { deleteTarget } from "./delete-target.ts";
import type { KeyContext } from "./context.ts";
import { rotateSigningKey } from "./signing-keys.ts";
import { updateTarget } from "./update-target.ts";

const TARGET = {
  name: "a",
  endpoint: "https://example.com",
  type: "webhook",
  timeoutMs: 1_000,
  interruptOnError: true,
} as const;
const DAY_MS = 86_400_000;

describe("signing keys of targets", () => {
  const suite = forSuite();
  let database: Database;
  before(async () => {
    database = await openTestDatabase(suite);
  });
  const newContext = async (): Promise<KeyContext> => contextOf(database, await newInstance(database));

  /** The texts of the HMAC keys that sign at a time from now. */
  async function signing({ instanceId }: KeyContext, id: string, afterMs = 0): Promise<readonly string[]> {
    const book: KeyBook = createKeyBook({
      vault: TEST_VAULT,
      instanceId,
      now: () => Date.now() + afterMs,
      onUnreadable: (key) => assert.fail(JSON.stringify(key)),
    });
    book.update(await loadKeys(database, instanceId));
    return (book.credentialsOf(id, TARGET.endpoint)?.signingKeys ?? []).flatMap((key) =>
      key.kind === "hmac" ? [key.secret] : [],
    );
  }

  it("are made with their target, have ZITADEL's form, and are all different", async () => {
    const context = await newContext();
    const texts: string[] = [];
    for (let i = 0; i < 20; i++) {
      const { id, signingKey } = await createTarget(context, { ...TARGET, name: `t ${i}`, dialect: "v2" });
      assert.match(signingKey, /^[A-Za-z0-9]{36}$/);
      assert.deepEqual(await signing(context, id), [signingKey]);
      texts.push(signingKey);
    }
    assert.equal(new Set(texts).size, 20);
    assert.ok(new Set(texts.join("")).size > 55, "all letters come, whatever their case");
  });

  it("sign on for the grace when they are replaced, and at once no more without one", async () => {
    const context = await newContext();
    const { id, signingKey: first } = await createTarget(context, { ...TARGET, dialect: "v2" });
    const { text: second = "" } = await rotateSigningKey(context, id, { algorithm: "hmac", graceMs: DAY_MS });
    assert.deepEqual(await signing(context, id), [second, first]);
    assert.deepEqual(await signing(context, id, DAY_MS + 1_000), [second]);
    const { text: third = "" } = await rotateSigningKey(context, id, { algorithm: "hmac", graceMs: 1_000_000 });
    assert.deepEqual(await signing(context, id), [third, second, first], "a shorter grace counts for all before");
    assert.deepEqual(await signing(context, id, 1_001_000), [third]);
    const { signingKey: fourth } = await updateTarget(context, id, { rotateSigningKey: { graceMs: 0 } });
    assert.deepEqual(await signing(context, id), [fourth]);
    assert.equal((await listSigningKeys(database, context.instanceId, id)).length, 1);
  });

  it("of Ed25519 stand beside those of HMAC, and rotate by themselves", async () => {
    const context = await newContext();
    const { id } = await createTarget(context, { ...TARGET, dialect: "v2" });
    const { key, text } = await rotateSigningKey(context, id, { algorithm: "ed25519", graceMs: 0 });
    assert.deepEqual([key.algorithm, key.publicKey?.byteLength, text], ["ed25519", 44, undefined]);
    await rotateSigningKey(context, id, { algorithm: "ed25519", graceMs: DAY_MS });
    const kinds = (await listSigningKeys(database, context.instanceId, id)).map((each) => each.algorithm);
    assert.deepEqual(kinds, ["ed25519", "ed25519", "hmac"]);
  });

  it("are told of in events without any key, and with a change of the target", async () => {
    const context = await newContext();
    const { id, signingKey } = await createTarget(context, { ...TARGET, dialect: "v2" });
    const changed = await updateTarget(context, id, { name: "b", rotateSigningKey: { graceMs: 0 } });
    assert.equal(changed.details.sequence, 3n);
    const events = await database.query<{ type: string; payload: Readonly<Record<string, unknown>> }>({
      text: "select type, payload from interpose.events where instance_id = $1 order by position",
      values: [context.instanceId],
    });
    assert.deepEqual(
      events.map(({ type, payload }) => [type, Object.keys(payload).sort()]),
      [
        ["target.added", ["dialect", "endpoint", "interruptOnError", "name", "timeoutMs", "type"]],
        ["target.changed", ["name"]],
        ["target.signing_key.rotated", ["algorithm", "graceMs", "keyId"]],
      ],
    );
    for (const secret of [signingKey, changed.signingKey ?? ""])
      assert.equal(JSON.stringify(events).includes(secret), false);
    assert.deepEqual(await updateTarget(context, id, { name: "b" }), {
      details: changed.details,
      signingKey: undefined,
    });
  });

  it("are bounded in number and in grace", async () => {
    const context = await newContext();
    const { id } = await createTarget(context, { ...TARGET, dialect: "v2" });
    const rotate = (graceMs: number): Promise<unknown> => rotateSigningKey(context, id, { algorithm: "hmac", graceMs });
    for (let i = 0; i < 9; i++) await rotate(DAY_MS);
    await assert.rejects(rotate(DAY_MS), /10 keys sign for target/);
    assert.equal((await signing(context, id)).length, 10, "the refused one changed nothing");
    await rotate(0);
    for (const graceMs of [-1, 30 * DAY_MS + 1, NaN]) await assert.rejects(rotate(graceMs), /between 0s and 30 days/);
    await assert.rejects(
      rotateSigningKey(context, "404", { algorithm: "hmac", graceMs: 0 }),
      /There is no target "404"/,
    );
  });

  it("go with their target", async () => {
    const context = await newContext();
    const id = await newTarget(context);
    await deleteTarget(context, id);
    assert.deepEqual((await loadKeys(database, context.instanceId)).signingKeys, []);
  });

  it("reach a router that follows, with the change", async (t) => {
    const context = await newContext();
    const router = await openRouter(t, database, context.instanceId);
    const here = { ...context, committed: router.catchUp };
    const { id, signingKey } = await createTarget(here, { ...TARGET, dialect: "v2", payloadType: "jwt" });
    assert.equal(router.target(id)?.payloadType, "jwt");
    assert.deepEqual(await signing(context, id), [signingKey]);
    const { details } = await updateTarget(here, id, { payloadType: "json" });
    assert.equal(router.target(id)?.payloadType, undefined);
    assert.deepEqual((await updateTarget(here, id, { payloadType: "json" })).details, details, "nothing changes");
  });

  it("that are new on one server sign on another soon, and those that are gone do no more", async (t) => {
    const context = await newContext();
    const { instanceId } = context;
    const nodes: { book: KeyBook; router: LiveRouter }[] = [];
    for (let i = 0; i < 2; i++) {
      const book = createKeyBook({
        vault: TEST_VAULT,
        instanceId,
        now: Date.now,
        onUnreadable: (key) => assert.fail(JSON.stringify(key)),
      });
      const onError = (error: unknown): void => assert.fail(String(error));
      const router = await startLiveRouter(database, instanceId, { pollMs: NEVER_MS, onError, onKeys: book.update });
      t.after(() => router.stop());
      nodes.push({ book, router });
    }
    const [here, there] = nodes;
    assert.ok(here && there);
    const onHere = { ...context, committed: here.router.catchUp };
    const secretsAt = ({ book }: (typeof nodes)[number]): readonly string[] =>
      (book.credentialsOf(id, TARGET.endpoint)?.signingKeys ?? []).flatMap((key) =>
        key.kind === "hmac" ? [key.secret] : [],
      );
    const { id, signingKey: first } = await createTarget(onHere, { ...TARGET, dialect: "v2" });
    let expected: readonly string[] = [first];
    for (const graceMs of [DAY_MS, 0]) {
      const { text = "" } = await rotateSigningKey(onHere, id, { algorithm: "hmac", graceMs });
      expected = graceMs > 0 ? [text, ...expected] : [text];
      assert.deepEqual(secretsAt(here), expected, "at once where it was rotated");
      await eventually("it signs on the other", () => secretsAt(there).join() === expected.join());
    }
    await deleteTarget(onHere, id);
    await eventually("it is gone on the other", () => there.book.credentialsOf(id, TARGET.endpoint) === undefined);
  });

  it("are given to targets that have none, also by servers that start at once", async () => {
    const context = await newContext();
    const { instanceId } = context;
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push(await newTarget(context));
    const [kept] = (await loadKeys(database, instanceId, [ids[0] ?? ""])).signingKeys;
    await database.query({
      text: "delete from interpose.signing_keys where instance_id = $1 and target_id <> $2",
      values: [instanceId, ids[0]],
    });
    const give = (): Promise<number> => giveMissingKeys({ database, instanceId, vault: TEST_VAULT, newId });
    const given = await Promise.all([give(), give(), give()]);
    assert.equal(
      given.reduce((sum, count) => sum + count),
      4,
    );
    for (const id of ids) assert.equal((await signing(context, id)).length, 1);
    assert.deepEqual((await loadKeys(database, instanceId, [ids[0] ?? ""])).signingKeys, [kept]);
  });

  it("can be read by callers with the permission alone, all in one query", async () => {
    const context = await newContext();
    const { instanceId } = context;
    const [one, two] = [
      await createTarget(context, { ...TARGET, dialect: "v2" }),
      await createTarget(context, { ...TARGET, name: "b", dialect: "v2" }),
    ];
    let queries = 0;
    const counting: Database = { ...database, query: (statement) => (queries++, database.query(statement)) };
    const read = (permissions: readonly string[]): Promise<ReadonlyMap<string, string>> => {
      const caller = { userId: "1", permissions: new Set(permissions) };
      return readableSigningKeys({ database: counting, vault: TEST_VAULT }, { caller, instanceId }, [one.id, two.id]);
    };
    const found = await read(["action.target.signing_key.read"]);
    assert.deepEqual(found, new Map([one, two].map(({ id, signingKey }) => [id, signingKey])));
    assert.equal(queries, 1);
    assert.deepEqual(await read(["execution.target.read", "execution.target.write"]), new Map());
    assert.equal(queries, 1);
  });

  it("are refused with reasons", async () => {
    const context = await newContext();
    await assert.rejects(
      updateTarget(context, "404", { rotateSigningKey: { graceMs: 0 } }),
      (error) => error instanceof InterposeError && error.reason === "target_not_found",
    );
  });
});
