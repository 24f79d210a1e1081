import assert from "node:assert/strict";
import { chmod, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { InterposeError } from "@interpose/engine";
import type { Cleanup } from "../../test/harness/cleanup.ts";
import { temporaryDirectory } from "../../test/harness/server.ts";
import { readMasterKeys, type MasterKeySettings } from "./master-keys.ts";

const [ONE, TWO, THREE] = [1, 2, 3].map((byte) => Buffer.alloc(32, byte)) as [Buffer, Buffer, Buffer];
const text = (...keys: readonly Buffer[]): string => keys.map((key) => `${key.toString("base64")}\n`).join("");

/** Settings with a data directory of the test's own. */
async function settingsOf(t: Cleanup, secrets: Partial<MasterKeySettings["secrets"]> = {}): Promise<MasterKeySettings> {
  return { dataDir: join(await temporaryDirectory(t), "data"), secrets: { formerKeys: [], ...secrets } };
}

async function checkRefused(settings: MasterKeySettings, says: RegExp, mayCreate = true): Promise<void> {
  await assert.rejects(readMasterKeys(settings, { mayCreate }), (error) => {
    assert.ok(error instanceof InterposeError && error.reason === "settings_invalid");
    assert.match(error.message, says);
    for (const key of [ONE, TWO, THREE]) assert.equal(error.message.includes(key.toString("base64")), false);
    return true;
  });
}

describe("readMasterKeys()", () => {
  it("makes a key file of mode 0600 in the data directory, once, and reads it from then on", async (t) => {
    const settings = await settingsOf(t);
    const first = await readMasterKeys(settings, { mayCreate: true });
    const path = join(settings.dataDir, "master.key");
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await stat(settings.dataDir)).mode & 0o777, 0o700);
    assert.deepEqual(await readdir(settings.dataDir), ["master.key"]);
    assert.equal(await readFile(path, "utf8"), text(Buffer.from(first.keys[0])));
    assert.deepEqual(await readMasterKeys(settings, { mayCreate: true }), first);
    assert.deepEqual(await readMasterKeys(settings, { mayCreate: false }), { ...first, from: path });
  });

  it("makes one key where many make it at once", async (t) => {
    const settings = await settingsOf(t);
    const all = await Promise.all(Array.from({ length: 10 }, () => readMasterKeys(settings, { mayCreate: true })));
    assert.equal(new Set(all.map(({ keys: [key] }) => Buffer.from(key).toString("hex"))).size, 1);
    assert.deepEqual(await readdir(settings.dataDir), ["master.key"]);
  });

  it("makes none where there are secrets already", async (t) => {
    const settings = await settingsOf(t);
    await checkRefused(settings, /There is no key file .*master\.key, and the database holds secrets/, false);
  });

  it("takes the current key from the first line, and former ones from those below and from the settings", async (t) => {
    const settings = await settingsOf(t, { formerKeys: [THREE.toString("base64")] });
    const { dataDir } = settings;
    await readMasterKeys(settings, { mayCreate: true });
    await writeFile(join(dataDir, "master.key"), `\n${text(ONE)}\r\n  ${text(TWO)}`);
    assert.deepEqual((await readMasterKeys(settings, { mayCreate: false })).keys, [ONE, TWO, THREE]);
  });

  for (const mode of [0o644, 0o640, 0o604, 0o660, 0o602]) {
    it(`refuses a key file of mode 0${mode.toString(8)}, and says what to do`, async (t) => {
      const settings = await settingsOf(t);
      await readMasterKeys(settings, { mayCreate: true });
      await chmod(join(settings.dataDir, "master.key"), mode);
      await checkRefused(settings, new RegExp(`has the mode 0${mode.toString(8)}: .*Run "chmod 600 .*master\\.key"`));
    });
  }

  it("takes a key that is given, and refuses two places", async (t) => {
    const masterKey = ONE.toString("base64");
    const given = await settingsOf(t, { masterKey });
    assert.deepEqual(await readMasterKeys(given, { mayCreate: false }), { keys: [ONE], from: "secrets.masterKey" });
    await checkRefused(await settingsOf(t, { masterKey, masterKeyFile: "/there" }), /not both/);
  });

  it("takes a file that is named, which its group may read, and others not", async (t) => {
    const masterKeyFile = join(await temporaryDirectory(t), "named");
    const settings = await settingsOf(t, { masterKeyFile });
    await checkRefused(settings, /There is no file .*named/);
    await writeFile(masterKeyFile, text(TWO), { mode: 0o440 });
    assert.deepEqual(await readMasterKeys(settings, { mayCreate: false }), { keys: [TWO], from: masterKeyFile });
    await chmod(masterKeyFile, 0o444);
    await checkRefused(settings, /has the mode 0444/);
  });

  const broken: readonly [string, string, RegExp][] = [
    ["that is empty", "\n", /is empty/],
    ["with something else than keys", `${text(ONE)}nonsense\n`, /master\.key:2: is no base64 of 32 bytes/],
    ["that is long", "a".repeat(70_000), /has 70000 bytes/],
  ];
  for (const [what, content, says] of broken) {
    it(`refuses a key file ${what}`, async (t) => {
      const settings = await settingsOf(t);
      await readMasterKeys(settings, { mayCreate: true });
      await writeFile(join(settings.dataDir, "master.key"), content);
      await checkRefused(settings, says);
    });
  }
});
