import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { forSuite } from "../../test/harness/cleanup.ts";
import { eventually } from "../../test/harness/eventually.ts";
import { openTestDatabase } from "../../test/harness/postgres.ts";
import { contextOf, newInstance } from "../../test/harness/routers.ts";
import { startKeyRotation } from "../keys/rotation.ts";
import type { Database } from "../store/database.ts";
import type { SealedInstanceKey } from "../store/sql/instance-key-row.ts";
import { loadKeys } from "../store/sql/load-keys.ts";
import type { KeyContext } from "./context.ts";
import { createTarget } from "./create-target.ts";
import { ensureInstanceKey, rotateInstanceKey, SERVED_BEFORE_MS } from "./instance-keys.ts";

const TARGET = { name: "a", endpoint: "https://example.com", type: "webhook", timeoutMs: 1_000 } as const;

describe("keys of the instance", () => {
  const suite = forSuite();
  let database: Database;
  before(async () => {
    database = await openTestDatabase(suite);
  });
  const newContext = async (): Promise<KeyContext> => contextOf(database, await newInstance(database));
  const keysOf = async ({ instanceId }: KeyContext): Promise<readonly SealedInstanceKey[]> =>
    (await loadKeys(database, instanceId)).instanceKeys;
  const makeOlder = (context: KeyContext, interval: string): Promise<unknown> =>
    database.query({
      text: `update interpose.instance_keys set created_at = created_at - $2::interval, retired_at = retired_at - $2::interval where instance_id = $1`,
      values: [context.instanceId, interval],
    });

  it("are made for the first target that needs one, and for no other", async () => {
    const context = await newContext();
    const target = { ...TARGET, interruptOnError: true, dialect: "v2" } as const;
    await createTarget(context, target);
    assert.equal((await keysOf(context)).length, 0);
    await createTarget(context, { ...target, name: "b", payloadType: "jwt" });
    await createTarget(context, { ...target, name: "c", payloadType: "jwe" });
    assert.equal((await keysOf(context)).length, 1);
  });

  it("are one, where several servers need one at once", async () => {
    const context = await newContext();
    await Promise.all([ensureInstanceKey(context), ensureInstanceKey(context), ensureInstanceKey(context)]);
    const [key, ...others] = await keysOf(context);
    assert.deepEqual(others, []);
    const { kty, alg, use, kid, n, e, ...more } = key?.publicJwk ?? {};
    assert.deepEqual([kty, alg, use, kid, e, more], ["RSA", "RS256", "sig", key?.id, "AQAB", {}]);
    assert.equal(Buffer.from(n ?? "", "base64url").byteLength, 256);
  });

  it("are replaced when they are old, once, and sign until the next one has been served for a while", async () => {
    const context = await newContext();
    await ensureInstanceKey(context);
    const rotate = (): Promise<boolean> => rotateInstanceKey(context, 3_600_000);
    assert.equal(await rotate(), false);
    await makeOlder(context, "61 minutes");
    assert.deepEqual((await Promise.all([rotate(), rotate()])).toSorted(), [false, true]);
    const [old, next] = await keysOf(context);
    assert.equal(next?.retiredAt, null);
    assert.equal(old?.retiredAt?.getTime(), next.createdAt.getTime() + SERVED_BEFORE_MS);
  });

  it("are deleted when nobody needs them any more", async () => {
    const context = await newContext();
    await ensureInstanceKey(context);
    for (const age of ["1 day", "31 days", "1 day"]) {
      await makeOlder(context, age);
      await rotateInstanceKey(context, 1_000);
    }
    assert.equal((await keysOf(context)).length, 3);
  });

  it("are looked after in the background", async (t) => {
    const context = await newContext();
    await createTarget(context, { ...TARGET, interruptOnError: true, dialect: "v2", payloadType: "jwt" });
    await database.query({
      text: "delete from interpose.instance_keys where instance_id = $1",
      values: [context.instanceId],
    });
    const rotation = startKeyRotation(context, {
      rotateAfterMs: 3_600_000,
      onError: (error) => assert.fail(String(error)),
      everyMs: 50,
    });
    t.after(() => rotation.stop());
    await eventually("there is one again", async () => (await keysOf(context)).length === 1);
    await makeOlder(context, "61 minutes");
    await eventually("there is a newer one", async () => (await keysOf(context)).length === 2);
  });
});
