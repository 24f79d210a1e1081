import { InterposeError } from "@interpose/engine";
import { createSigningKey } from "../keys/signing-keys.ts";
import { insertSigningKeys } from "../store/sql/insert-signing-keys.ts";
import { retireSigningKeys } from "../store/sql/retire-signing-keys.ts";
import { selectTarget } from "../store/sql/select-target.ts";
import type { SigningAlgorithm, StoredSigningKey } from "../store/sql/signing-key-row.ts";
import { updateTarget as updateTargetRow } from "../store/sql/update-target.ts";
import { appendOne, write, type KeyContext, type NewEvent, type Write } from "./context.ts";

/** Longest time that a key signs on after it was replaced: 30 days. */
const MAX_GRACE_MS = 30 * 24 * 3_600_000;
/** Most keys of one algorithm that sign what a target is sent. */
const MOST_KEYS = 10;

/** How a target's signing key is replaced. */
export interface SigningKeyRotation {
  readonly algorithm: SigningAlgorithm;
  /** How long those before sign on, in milliseconds. 0: they are gone at once. */
  readonly graceMs: number;
}

/** A signing key that is new, with the one copy of its text. */
export interface RotatedSigningKey {
  readonly key: StoredSigningKey;
  /** Undefined for Ed25519, whose private key nobody is shown. */
  readonly text: string | undefined;
}

/**
 * Gives a target a new signing key, of an algorithm that it may have had none of. Those of that algorithm sign on until the grace is over, so that receivers can be told of the new one meanwhile.
 * Throws `target_not_found`, `bad_request` for a grace out of bounds, or `too_many_keys`.
 */
export async function rotateSigningKey(
  context: KeyContext,
  targetId: string,
  rotation: SigningKeyRotation,
): Promise<RotatedSigningKey> {
  checkGrace(rotation.graceMs);
  return write(context, async (command) => {
    const stored = await selectTarget(command.tx, context.instanceId, targetId);
    if (!stored)
      throw new InterposeError(
        "target_not_found",
        `There is no target "${targetId}". List the targets to see their ids.`,
      );
    const keyId = context.newId();
    const details = await appendOne(command, rotationEvent(targetId, keyId, rotation));
    await updateTargetRow(command.tx, context.instanceId, stored, details);
    return replaceSigningKey(command, context, { ...rotation, targetId, keyId, at: details.changedAt });
  });
}

/** Refuses a grace that is negative or longer than 30 days. */
export function checkGrace(graceMs: number): void {
  if (graceMs >= 0 && graceMs <= MAX_GRACE_MS) return;
  const description = 'The grace must be between 0s and 30 days, for example "86400s".';
  throw new InterposeError("bad_request", description, { violations: [{ field: "grace", description }] });
}

/** What is told of a rotation: no key material. */
export function rotationEvent(targetId: string, keyId: string, { algorithm, graceMs }: SigningKeyRotation): NewEvent {
  const payload = { keyId, algorithm, graceMs };
  return { aggregateType: "target", aggregateId: targetId, type: "target.signing_key.rotated", payload };
}

/** Whose key becomes which one, and when. */
export interface SigningKeyReplacement extends SigningKeyRotation {
  readonly targetId: string;
  readonly keyId: string;
  readonly at: Date;
}

/** Puts a new signing key in place of those before, within a command that tells of it. Throws `too_many_keys`. */
export async function replaceSigningKey(
  { tx }: Write,
  { instanceId, vault }: KeyContext,
  { targetId, keyId, algorithm, graceMs, at }: SigningKeyReplacement,
): Promise<RotatedSigningKey> {
  const left = await retireSigningKeys(tx, instanceId, targetId, { algorithm, graceMs, at });
  if (left >= MOST_KEYS)
    throw new InterposeError(
      "too_many_keys",
      `${left} keys sign for target "${targetId}" already. Wait until the grace of some is over, or rotate with a grace of 0s, which ends all that were before.`,
    );
  const { sealed, text, publicKey } = createSigningKey(vault, algorithm, { instanceId, targetId, id: keyId });
  await insertSigningKeys(tx, instanceId, [{ targetId, id: keyId, algorithm, sealed, publicKey }], at);
  return { key: { id: keyId, algorithm, publicKey, createdAt: at, expiresAt: null }, text };
}
