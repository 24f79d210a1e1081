import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { forSuite } from "../../test/harness/cleanup.ts";
import { openTestDatabase, newDatabaseUrl } from "../../test/harness/postgres.ts";
import { contextOf, newInstance, newTarget } from "../../test/harness/routers.ts";
import { ensureInstanceKey } from "../commands/instance-keys.ts";
import type { Database } from "../store/database.ts";
import { loadKeys } from "../store/sql/load-keys.ts";
import { selectSealedCheck } from "../store/sql/select-sealed-check.ts";
import { createKeyBook } from "./book.ts";
import type { MasterKeySettings } from "./master-keys.ts";
import { openVault } from "./open-vault.ts";
import { resealAll } from "./reseal.ts";
import { createVault, sealedBy } from "./vault.ts";

const [OLD, NEW] = [1, 2].map((byte) => Buffer.alloc(32, byte)) as [Buffer, Buffer];

/** Of targets that the harness makes. */
const ENDPOINT = "https://example.com";

function settings(current: Buffer, ...former: readonly Buffer[]): MasterKeySettings {
  const formerKeys = former.map((key) => key.toString("base64"));
  return { dataDir: "/nowhere", secrets: { masterKey: current.toString("base64"), formerKeys } };
}

describe("resealAll()", () => {
  const suite = forSuite();
  let database: Database;
  let instanceId: string;
  before(async () => {
    await newDatabaseUrl(suite);
  });

  /** An instance with nine targets, one of which has something sealed of its own, and all sealed with the old key. */
  async function fill(t: Parameters<typeof openTestDatabase>[0]): Promise<readonly string[]> {
    database = await openTestDatabase(t);
    instanceId = await newInstance(database);
    const vault = await openVault(database, instanceId, settings(OLD));
    const context = { ...contextOf(database, instanceId), vault };
    const ids: string[] = [];
    for (let i = 0; i < 9; i++) ids.push(await newTarget(context));
    await ensureInstanceKey(context);
    const outbound = vault.seal(Buffer.from("{}"), {
      column: "targets.sealed_outbound",
      instanceId,
      ids: [ids[0] ?? ""],
    });
    await database.query({
      text: "update interpose.targets set sealed_outbound = $2 where id = $1",
      values: [ids[0], outbound],
    });
    return ids;
  }

  /** Secrets as they are opened with a master key. Undefined: one cannot be. */
  async function secretsBy(...keys: readonly [Buffer, ...Buffer[]]): Promise<unknown> {
    const unreadable: unknown[] = [];
    const onUnreadable = (key: unknown): void => void unreadable.push(key);
    const book = createKeyBook({ vault: createVault(keys), instanceId, now: Date.now, onUnreadable });
    const loaded = await loadKeys(database, instanceId);
    book.update(loaded);
    if (unreadable.length > 0) return undefined;
    return loaded.signingKeys.map(({ targetId }) => [targetId, book.credentialsOf(targetId, ENDPOINT)?.signingKeys]);
  }

  const checkedBy = async (): Promise<string> =>
    sealedBy((await selectSealedCheck(database, instanceId)) ?? Buffer.alloc(9));

  it("seals everything with the current key, and nothing twice", async (t) => {
    await fill(t);
    const before = await secretsBy(OLD);
    const vault = createVault([NEW, OLD]);
    // Nine keys of targets, one of the instance, what one target is sent, and the check.
    assert.deepEqual(await resealAll(database, vault, { batch: 2 }), { resealed: 12, unreadable: 0, unreadableBy: [] });
    assert.deepEqual(await secretsBy(NEW), before);
    assert.equal(await secretsBy(OLD), undefined);
    assert.deepEqual(await resealAll(database, vault), { resealed: 0, unreadable: 0, unreadableBy: [] });
    await openVault(database, instanceId, settings(NEW));
    await assert.rejects(
      openVault(database, instanceId, settings(OLD)),
      /is not the one that the secrets in the database/,
    );
  });

  for (const after of [1, 2, 4, 6]) {
    it(`goes on where it was broken off after ${after} transactions, and servers with both keys work meanwhile`, async (t) => {
      await fill(t);
      const before = await secretsBy(OLD);
      let left = after;
      const breaking: Database = {
        ...database,
        transaction: (work) => (left-- > 0 ? database.transaction(work) : Promise.reject(new Error("broken off"))),
      };
      const vault = createVault([NEW, OLD]);
      await assert.rejects(resealAll(breaking, vault, { batch: 2 }), /broken off/);
      assert.equal(await secretsBy(OLD), undefined, "some is sealed with the new key");
      assert.equal(await secretsBy(NEW), undefined, "and some is not");
      assert.deepEqual(await secretsBy(OLD, NEW), before);
      await openVault(database, instanceId, settings(OLD, NEW));
      await openVault(database, instanceId, settings(NEW, OLD));
      await assert.rejects(openVault(database, instanceId, settings(NEW)), /id [0-9a-f]{16}/, "the check comes last");
      await resealAll(database, vault, { batch: 2 });
      assert.deepEqual(await secretsBy(NEW), before);
    });
  }

  it("leaves what it cannot open, and the check with it", async (t) => {
    await fill(t);
    const old = createVault([OLD]).keyId;
    const vault = createVault([NEW]);
    assert.deepEqual(await resealAll(database, vault, { batch: 2 }), {
      resealed: 0,
      unreadable: 11,
      unreadableBy: [old],
    });
    assert.equal(await checkedBy(), old);
    assert.notEqual(await secretsBy(OLD), undefined);
  });

  it("forgets what it cannot open where it is told to, so that an instance can begin anew", async (t) => {
    const ids = await fill(t);
    const vault = createVault([NEW]);
    assert.equal((await resealAll(database, vault, { batch: 2, dropsUnreadable: true })).unreadable, 12);
    await openVault(database, instanceId, settings(NEW));
    const { signingKeys, instanceKeys } = await loadKeys(database, instanceId);
    assert.deepEqual([signingKeys, instanceKeys], [[], []]);
    const [target] = await database.query<object>({
      text: "select id, sealed_outbound as outbound from interpose.targets where id = $1",
      values: [ids[0]],
    });
    assert.deepEqual(target, { id: ids[0], outbound: null });
  });
});

describe("openVault()", () => {
  const suite = forSuite();

  it("seals a check on the first start, of which one wins where several servers start at once", async () => {
    const database = await openTestDatabase(suite);
    const instanceId = await newInstance(database);
    const outcomes = await Promise.allSettled(
      [OLD, NEW, OLD, NEW].map((key) => openVault(database, instanceId, settings(key))),
    );
    const opened = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value.keyId] : []));
    assert.equal(new Set(opened).size, 1);
    assert.equal(opened.length, 2);
    for (const outcome of outcomes)
      if (outcome.status === "rejected")
        assert.match(
          String(outcome.reason),
          /All servers on a database need the same one: copy it from a server that works/,
        );
  });
});
