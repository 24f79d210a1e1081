import { InterposeError } from "@interpose/engine";
import { parsePublicKey } from "../keys/public-keys.ts";
import type { Details } from "../store/records.ts";
import { countPublicKeys } from "../store/sql/count-public-keys.ts";
import { deletePublicKey } from "../store/sql/delete-public-key.ts";
import { insertPublicKey } from "../store/sql/insert-public-key.ts";
import type { StoredPublicKey } from "../store/sql/public-key-row.ts";
import { selectPublicKey } from "../store/sql/select-public-key.ts";
import { selectTarget } from "../store/sql/select-target.ts";
import { setActivePublicKey } from "../store/sql/set-active-public-key.ts";
import { appendOne, write, type CommandContext, type Write } from "./context.ts";

/** Most public keys of a target, active or not. */
const MOST_PUBLIC_KEYS = 100;

/** A public key to add. */
export interface NewPublicKey {
  /** PEM of a SubjectPublicKeyInfo. */
  readonly pem: Uint8Array;
  readonly expiresAt: Date | null;
}

/**
 * Adds a public key to a target. It is not active. Throws `public_key_invalid` for what is no key that can be used, or has expired already; `target_not_found`; or
 * `too_many_keys`.
 */
export async function addPublicKey(
  context: CommandContext,
  targetId: string,
  { pem, expiresAt }: NewPublicKey,
): Promise<{ readonly id: string; readonly createdAt: Date }> {
  const parsed = parsePublicKey(pem);
  if ("fault" in parsed) throw invalid("public_key", `The public key ${parsed.fault}`, "ErrPublicKeyFormat");
  if (expiresAt && expiresAt.getTime() <= Date.now())
    throw invalid(
      "expiration_date",
      "The expiration lies in the past. Give a later one, or none.",
      "Errors.Invalid.Argument",
    );
  const id = context.newId();
  return write(context, async (command) => {
    if (!(await selectTarget(command.tx, context.instanceId, targetId))) throw noTarget(targetId);
    const count = await countPublicKeys(command.tx, context.instanceId, targetId);
    if (count >= MOST_PUBLIC_KEYS)
      throw new InterposeError("too_many_keys", `Target "${targetId}" has ${count} public keys. Remove one first.`);
    const { fingerprint } = parsed;
    const { changedAt } = await append(command, targetId, "added", { keyId: id, fingerprint, expiresAt });
    const key = { ...parsed, id, active: false, expiresAt, createdAt: changedAt, changedAt };
    await insertPublicKey(command.tx, context.instanceId, targetId, key);
    return { id, createdAt: changedAt };
  });
}

/**
 * Encrypts payloads of a target for a key of its from now on, and for no other. A key that is active already stays so, without an event. Answers when it changed. Throws
 * `target_not_found`, `public_key_not_found` or `public_key_expired`.
 */
export async function activatePublicKey(context: CommandContext, targetId: string, id: string): Promise<Date> {
  return write(context, async (command) => {
    const key = await existingKey(command, context, targetId, id);
    if (key.expiresAt && key.expiresAt.getTime() <= Date.now())
      throw new InterposeError(
        "public_key_expired",
        `The public key "${id}" has expired at ${key.expiresAt.toISOString()}. Add another one, and activate that.`,
      );
    if (key.active) return key.changedAt;
    const { changedAt } = await append(command, targetId, "activated", { keyId: id });
    await setActivePublicKey(command.tx, context.instanceId, targetId, { id, at: changedAt });
    return changedAt;
  });
}

/** Encrypts for a key no more. One that is not active stays so, without an event. Answers when it changed. Throws `target_not_found` or `public_key_not_found`. */
export async function deactivatePublicKey(context: CommandContext, targetId: string, id: string): Promise<Date> {
  return write(context, async (command) => {
    const key = await existingKey(command, context, targetId, id);
    if (!key.active) return key.changedAt;
    const { changedAt } = await append(command, targetId, "deactivated", { keyId: id });
    await setActivePublicKey(command.tx, context.instanceId, targetId, { id: null, at: changedAt });
    return changedAt;
  });
}

/** Removes a public key. Answers when that was; undefined where there was none. Throws `public_key_active` for the one that is active. */
export async function removePublicKey(
  context: CommandContext,
  targetId: string,
  id: string,
): Promise<Date | undefined> {
  return write(context, async (command) => {
    const key = await selectPublicKey(command.tx, context.instanceId, targetId, id);
    if (!key) return undefined;
    if (key.active)
      throw new InterposeError(
        "public_key_active",
        `The public key "${id}" is active. Activate another one, or deactivate it, before it is removed.`,
        { key: "ErrPublicKeyDeleteActiveKey" },
      );
    const { changedAt } = await append(command, targetId, "removed", { keyId: id });
    await deletePublicKey(command.tx, context.instanceId, targetId, id);
    return changedAt;
  });
}

function append(
  command: Write,
  targetId: string,
  what: "added" | "activated" | "deactivated" | "removed",
  payload: Readonly<Record<string, unknown>>,
): Promise<Details> {
  return appendOne(command, { aggregateType: "target", aggregateId: targetId, type: `target.key.${what}`, payload });
}

async function existingKey(
  { tx }: Write,
  { instanceId }: CommandContext,
  targetId: string,
  id: string,
): Promise<StoredPublicKey> {
  const key = await selectPublicKey(tx, instanceId, targetId, id);
  if (key) return key;
  if (!(await selectTarget(tx, instanceId, targetId))) throw noTarget(targetId);
  throw new InterposeError(
    "public_key_not_found",
    `Target "${targetId}" has no public key "${id}". List its public keys to see their ids.`,
    { key: "Errors.Target.NotFound" },
  );
}

/** Here an unknown target fails a precondition, as in ZITADEL. */
function noTarget(targetId: string): InterposeError {
  return new InterposeError(
    "target_not_found",
    `There is no target "${targetId}". List the targets to see their ids.`,
    {
      key: "Errors.Target.NotFound",
      code: "failed_precondition",
    },
  );
}

function invalid(field: string, description: string, key: string): InterposeError {
  return new InterposeError("public_key_invalid", description, { key, violations: [{ field, description }] });
}
