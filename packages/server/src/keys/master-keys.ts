import { randomBytes } from "node:crypto";
import { link, mkdir, open, rm, type FileHandle } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { InterposeError } from "@interpose/engine";
import type { Settings } from "../config/index.ts";
import { isMasterKey, MASTER_KEY_BYTES } from "./vault.ts";

/** What says where master keys are. */
export type MasterKeySettings = Pick<Settings, "secrets" | "dataDir">;

/** Master keys, the current one first, and where that is from, for people. */
export interface MasterKeys {
  readonly keys: readonly [Uint8Array, ...Uint8Array[]];
  readonly from: string;
}

/** Name of the key file in the data directory. */
const KEY_FILE = "master.key";
/** A file of keys is a few lines. */
const MOST_FILE_BYTES = 64 * 1024;
/** Any access of users that are neither the owner nor of the group. */
const OTHERS = 0o007;
const GROUP = 0o070;

/**
 * The master keys of the settings: one that is given, those of a file that is named, or those of the key file in the data directory, which is made where it may
 * be. A file has one key a line, the current one first. Throws `settings_invalid`, which names the place and no key.
 */
export async function readMasterKeys(
  { secrets, dataDir }: MasterKeySettings,
  { mayCreate }: { readonly mayCreate: boolean },
): Promise<MasterKeys> {
  const former = secrets.formerKeys.map((text) => Buffer.from(text, "base64"));
  if (secrets.masterKey !== undefined) {
    if (secrets.masterKeyFile !== undefined) throw invalid("Set secrets.masterKey or secrets.masterKeyFile, not both.");
    return { keys: [Buffer.from(secrets.masterKey, "base64"), ...former], from: "secrets.masterKey" };
  }
  if (secrets.masterKeyFile !== undefined) {
    const path = resolve(secrets.masterKeyFile);
    const keys = await readKeyFile(path, OTHERS);
    if (!keys) throw invalid(`There is no file ${path}, which secrets.masterKeyFile names.`);
    return { keys: [...keys, ...former], from: path };
  }
  const path = join(resolve(dataDir), KEY_FILE);
  let keys = await readKeyFile(path, OTHERS | GROUP);
  if (!keys && mayCreate) {
    await createKeyFile(path);
    keys = await readKeyFile(path, OTHERS | GROUP);
  }
  if (!keys)
    throw invalid(
      `There is no key file ${path}, and the database holds secrets that were sealed with a master key. Put the key file back, or set INTERPOSE_SECRETS_MASTER_KEY as the other servers on the database have it.`,
    );
  return { keys: [...keys, ...former], from: path };
}

/** The keys of a file; undefined where there is none. It is refused when users have access that `forbidden` names. */
async function readKeyFile(path: string, forbidden: number): Promise<MasterKeys["keys"] | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, "r");
    const { mode, size } = await file.stat();
    if (process.platform !== "win32" && (mode & forbidden) !== 0)
      throw invalid(
        `The key file ${path} has the mode ${(mode & 0o777).toString(8).padStart(4, "0")}: others can get at the master key. Run "chmod 600 ${path}", and consider whether the key must be replaced (docs/keys.md).`,
      );
    if (size > MOST_FILE_BYTES) throw invalid(`The key file ${path} has ${size} bytes. It has one key a line.`);
    return keysIn(await file.readFile("utf8"), path);
  } catch (error) {
    if (error instanceof InterposeError) throw error;
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw invalid(`The key file ${path} cannot be read: ${(error as Error).message}.`, error);
  } finally {
    await file?.close();
  }
}

function keysIn(text: string, path: string): MasterKeys["keys"] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const [first, ...others] = lines.flatMap((line, i) => {
    if (line === "") return [];
    if (isMasterKey(line)) return [Buffer.from(line, "base64")];
    throw invalid(`${path}:${i + 1}: is no base64 of ${MASTER_KEY_BYTES} bytes. "openssl rand -base64 32" makes one.`);
  });
  if (!first) throw invalid(`The key file ${path} is empty. Put the master key back into it.`);
  return [first, ...others];
}

/** Makes a key file of mode 0600, whole or not at all. Where somebody else makes it at the same time, theirs stays. */
async function createKeyFile(path: string): Promise<void> {
  const unfinished = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(unfinished, "wx", 0o600);
    try {
      await file.writeFile(`${randomBytes(MASTER_KEY_BYTES).toString("base64")}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(unfinished, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
    throw invalid(
      `The key file ${path} cannot be made: ${(error as Error).message}. Choose another INTERPOSE_DATA_DIR, or set INTERPOSE_SECRETS_MASTER_KEY.`,
      error,
    );
  } finally {
    await rm(unfinished, { force: true });
  }
}

function invalid(text: string, cause?: unknown): InterposeError {
  return new InterposeError("settings_invalid", text, { cause });
}
