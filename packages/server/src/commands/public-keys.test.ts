import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { before, describe, it } from "node:test";
import { InterposeError, type ErrorReason } from "@interpose/engine";
import { forSuite } from "../../test/harness/cleanup.ts";
import { openTestDatabase } from "../../test/harness/postgres.ts";
import { contextOf, newInstance, newTarget } from "../../test/harness/routers.ts";
import type { Database } from "../store/database.ts";
import { loadKeys } from "../store/sql/load-keys.ts";
import { searchPublicKeys, type PublicKeyFilter, type PublicKeySearch } from "../store/sql/search-public-keys.ts";
import { activatePublicKey, addPublicKey, deactivatePublicKey, removePublicKey } from "./public-keys.ts";

const PEM = Buffer.from(
  generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ type: "spki", format: "pem" }),
);
const HOUR_MS = 3_600_000;

describe("public keys of targets", () => {
  const suite = forSuite();
  let database: Database;
  before(async () => {
    database = await openTestDatabase(suite);
  });

  /** A target, and what is done with its public keys. */
  async function newKeys() {
    const context = contextOf(database, await newInstance(database));
    const { instanceId } = context;
    const target = await newTarget(context);
    const EVERY: PublicKeySearch = { filters: [], sortBy: "id", ascending: true, offset: 0n, limit: 0 };
    return {
      target,
      add: async (expiresAt: Date | null = null) => (await addPublicKey(context, target, { pem: PEM, expiresAt })).id,
      activate: (id: string, of = target) => activatePublicKey(context, of, id),
      deactivate: (id: string, of = target) => deactivatePublicKey(context, of, id),
      remove: (id: string, of = target) => removePublicKey(context, of, id),
      addTo: (of: string, pem: Uint8Array = PEM, expiresAt: Date | null = null) =>
        addPublicKey(context, of, { pem, expiresAt }),
      search: (search: Partial<PublicKeySearch> = {}) =>
        searchPublicKeys(database, instanceId, target, { ...EVERY, ...search }),
      active: async () => (await loadKeys(database, instanceId)).publicKeys.map(({ id }) => id),
      expireNow: (id: string) =>
        database.query({
          text: "update interpose.public_keys set expires_at = clock_timestamp() - interval '1 second' where id = $1",
          values: [id],
        }),
      events: async () =>
        (
          await database.query<{ type: string }>({
            text: "select type from interpose.events where instance_id = $1 and type like 'target.key.%' order by position",
            values: [instanceId],
          })
        ).map(({ type }) => type.slice("target.key.".length)),
    };
  }

  async function checkRefused(call: Promise<unknown>, reason: ErrorReason, code: string, key?: string): Promise<void> {
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof InterposeError);
      assert.deepEqual([error.reason, error.code, error.key], [reason, code, key]);
      return true;
    });
  }

  it("are added inactive, and one at a time is active", async () => {
    const { add, activate, active, search, events } = await newKeys();
    const [one, two] = [await add(), await add(new Date(Date.now() + HOUR_MS))];
    assert.deepEqual(await active(), []);
    await activate(one);
    await activate(two);
    assert.deepEqual(await active(), [two]);
    const changedAt = await activate(two);
    assert.deepEqual(await events(), ["added", "added", "activated", "activated"], "the last one changed nothing");
    const { keys, total } = await search();
    assert.equal(total, 2);
    assert.deepEqual(
      keys.map((key) => [key.id, key.active, key.pem]),
      [
        [one, false, String(PEM)],
        [two, true, String(PEM)],
      ],
    );
    assert.deepEqual(keys[1]?.changedAt, changedAt);
    assert.match(keys[0]?.fingerprint ?? "", /^SHA256:[A-Za-z0-9+/]{43}$/);
  });

  it("are deactivated, without an event where they are not active", async () => {
    const { add, activate, deactivate, active, events } = await newKeys();
    const id = await add();
    await deactivate(id);
    await activate(id);
    await deactivate(id);
    await deactivate(id);
    assert.deepEqual(await active(), []);
    assert.deepEqual(await events(), ["added", "activated", "deactivated"]);
  });

  it("are removed unless they are active, and what is not there is removed with success", async () => {
    const { add, activate, deactivate, remove, search, events } = await newKeys();
    const id = await add();
    await activate(id);
    await checkRefused(remove(id), "public_key_active", "failed_precondition", "ErrPublicKeyDeleteActiveKey");
    await deactivate(id);
    assert.ok((await remove(id)) instanceof Date);
    assert.equal(await remove(id), undefined);
    assert.equal(await remove(id, "404"), undefined);
    assert.equal((await search()).total, 0);
    assert.deepEqual(await events(), ["added", "activated", "deactivated", "removed"]);
  });

  it("are refused as the contract says", async () => {
    const { add, addTo, activate, deactivate, expireNow, target } = await newKeys();
    const id = await add(new Date(Date.now() + HOUR_MS));
    const NOT_FOUND = "Errors.Target.NotFound";
    await checkRefused(addTo("404"), "target_not_found", "failed_precondition", NOT_FOUND);
    for (const work of [activate, deactivate]) {
      await checkRefused(work(id, "404"), "target_not_found", "failed_precondition", NOT_FOUND);
      await checkRefused(work("404"), "public_key_not_found", "failed_precondition", NOT_FOUND);
    }
    const [none, past] = [Buffer.from("no key"), new Date(Date.now() - 1)];
    await checkRefused(addTo(target, none), "public_key_invalid", "invalid_argument", "ErrPublicKeyFormat");
    await checkRefused(addTo(target, PEM, past), "public_key_invalid", "invalid_argument", "Errors.Invalid.Argument");
    await expireNow(id);
    await checkRefused(activate(id), "public_key_expired", "failed_precondition");
  });

  it("are a hundred of a target at most", async () => {
    const { add, addTo, target } = await newKeys();
    for (let i = 0; i < 100; i++) await add();
    await checkRefused(addTo(target), "too_many_keys", "resource_exhausted");
  });

  it("are found by id, state and expiration, in pages, and are counted", async () => {
    const { add, activate, search } = await newKeys();
    const [soon, late] = [new Date(Date.now() + HOUR_MS), new Date(Date.now() + 2 * HOUR_MS)];
    const ids = [await add(), await add(soon), await add(late)];
    await activate(ids[1] ?? "");
    const at = (...filters: readonly PublicKeyFilter[]) =>
      search({ filters }).then(({ keys }) => keys.map(({ id }) => ids.indexOf(id)));
    assert.deepEqual(await at({ kind: "ids", ids: [ids[2] ?? "", "404"] }), [2]);
    assert.deepEqual(await at({ kind: "ids", ids: [] }), []);
    assert.deepEqual(await at({ kind: "active", active: true }), [1]);
    assert.deepEqual(await at({ kind: "active", active: false }), [0, 2]);
    assert.deepEqual(await at({ kind: "expiration", compares: "equals", to: soon }), [1]);
    assert.deepEqual(await at({ kind: "expiration", compares: "after", to: soon }), [2]);
    assert.deepEqual(await at({ kind: "expiration", compares: "afterOrEquals", to: soon }), [1, 2]);
    assert.deepEqual(await at({ kind: "expiration", compares: "before", to: late }), [1]);
    assert.deepEqual(await at({ kind: "expiration", compares: "beforeOrEquals", to: late }), [1, 2]);
    const { keys, total } = await search({ offset: 1n, limit: 1, ascending: false, sortBy: "creationDate" });
    assert.deepEqual([total, keys.map(({ id }) => ids.indexOf(id))], [3, [1]]);
  });
});
