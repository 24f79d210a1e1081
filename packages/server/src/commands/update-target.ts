import { isDeepStrictEqual } from "node:util";
import { InterposeError, type Dialect, type PayloadType, type ReplyMode, type TargetType } from "@interpose/engine";
import type { Details, StoredTarget } from "../store/records.ts";
import { selectTargetOutbound } from "../store/sql/select-target-outbound.ts";
import { selectTarget } from "../store/sql/select-target.ts";
import { updateTarget as updateTargetRow } from "../store/sql/update-target.ts";
import { write, type KeyContext } from "./context.ts";
import { refuseTakenName } from "./create-target.ts";
import { changedDeliverySettings, type DeliverySettingsChanges } from "./delivery-settings.ts";
import { authorizeEgress, checkedEgressList } from "./egress-list.ts";
import { ensureInstanceKey } from "./instance-keys.ts";
import { authorizeOutbound } from "./outbound-rules.ts";
import { checkGrace, replaceSigningKey, rotationEvent } from "./signing-keys.ts";
import { checkEndpoint, checkName, checkTimeout, withoutSecrets } from "./target-rules.ts";

/** What changes of a target. What is undefined stays as it is. */
export interface TargetChanges {
  readonly name?: string | undefined;
  /** A type comes with its own `interruptOnError`. */
  readonly calling?: { readonly type: TargetType; readonly interruptOnError: boolean } | undefined;
  readonly endpoint?: string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly dialect?: Dialect | undefined;
  /** Null: as the dialect has it. */
  readonly replyMode?: ReplyMode | null | undefined;
  readonly payloadType?: PayloadType | undefined;
  readonly delivery?: DeliverySettingsChanges | undefined;
  /** What may be called for it alone; empty: nothing. */
  readonly egressAllow?: readonly string[] | undefined;
  /** Makes a new HMAC key. Those before sign on for so long; 0: they are gone at once. */
  readonly rotateSigningKey?: { readonly graceMs: number } | undefined;
}

/** A target that was changed. */
export interface UpdatedTarget {
  readonly details: Details;
  /** The one copy of the new HMAC key. Undefined: none was asked for. */
  readonly signingKey: string | undefined;
}

/**
 * Changes a target. When nothing would change, no event is added and the old details are answered. What may be called for it alone, and the endpoint of one
 * that has such a list, are changed only by those who may say where targets can be called; the endpoint of one that is sent secrets of its own, only by those who may say where these go.
 * Throws `target_not_found`, `target_invalid`, `target_exists`, `permission_denied`, `bad_request` or `too_many_keys`.
 */
export async function updateTarget(
  context: KeyContext,
  id: string,
  { rotateSigningKey, ...changes }: TargetChanges,
): Promise<UpdatedTarget> {
  if (changes.name !== undefined) checkName(changes.name);
  if (changes.timeoutMs !== undefined) checkTimeout(changes.timeoutMs);
  if (changes.endpoint !== undefined) checkEndpoint(changes.endpoint);
  if (rotateSigningKey) checkGrace(rotateSigningKey.graceMs);
  if (changes.payloadType !== undefined && changes.payloadType !== "json") await ensureInstanceKey(context);
  return write(context, async (command) => {
    const stored = await selectTarget(command.tx, context.instanceId, id);
    if (!stored) {
      throw new InterposeError(
        "target_not_found",
        `There is no target "${id}" to update. List the targets to see their ids.`,
        {
          id: "COMMAND-xj14f2cccn",
          key: "Errors.Target.NotFound",
        },
      );
    }
    const changed = effectiveChanges(stored, changes);
    const isChanged = Object.keys(changed).length > 0;
    if (!isChanged && !rotateSigningKey) return { details: stored.details, signingKey: undefined };
    if (changed.egressAllow !== undefined) authorizeEgress(context, "A change of what may be called for a target");
    if (changed.endpoint !== undefined && stored.egressAllow !== undefined)
      authorizeEgress(context, "A change of the endpoint of a target that has an egress_allow of its own");
    if (changed.endpoint !== undefined && (await selectTargetOutbound(command.tx, context.instanceId, id)) !== null)
      authorizeOutbound(context, "A change of the endpoint of a target that is sent secrets of its own");
    if (changed.name !== undefined) await refuseTakenName(command, context.instanceId, changed.name, id);
    const changeEvent = {
      aggregateType: "target",
      aggregateId: id,
      type: "target.changed",
      payload: {
        ...changed,
        ...(changed.endpoint !== undefined && { endpoint: withoutSecrets(changed.endpoint) }),
        ...("delivery" in changed && { delivery: changed.delivery ?? {} }),
        ...("replyMode" in changed && { replyMode: changed.replyMode ?? null }),
      },
    } as const;
    const rotation = rotateSigningKey && { algorithm: "hmac" as const, ...rotateSigningKey, keyId: context.newId() };
    const details = (
      await command.append([
        ...(isChanged ? [changeEvent] : []),
        ...(rotation ? [rotationEvent(id, rotation.keyId, rotation)] : []),
      ])
    ).at(-1);
    if (!details) throw new Error("the events of a changed target came back without details");
    await updateTargetRow(command.tx, context.instanceId, { ...stored, ...changed }, details);
    if (!rotation) return { details, signingKey: undefined };
    const replacement = { ...rotation, targetId: id, at: details.changedAt };
    const { text: signingKey } = await replaceSigningKey(command, context, replacement);
    return { details, signingKey };
  });
}

type ChangedFields = Partial<
  Pick<
    StoredTarget,
    | "name"
    | "type"
    | "interruptOnError"
    | "endpoint"
    | "timeoutMs"
    | "dialect"
    | "replyMode"
    | "payloadType"
    | "delivery"
    | "egressAllow"
  >
>;

/** The fields whose value really becomes another one. */
function effectiveChanges(
  stored: StoredTarget,
  { calling, delivery, replyMode, egressAllow, ...rest }: Omit<TargetChanges, "rotateSigningKey">,
): ChangedFields {
  const wanted = {
    ...rest,
    ...(calling && { type: calling.type, interruptOnError: calling.type !== "async" && calling.interruptOnError }),
  };
  const before = { ...stored, payloadType: stored.payloadType ?? "json" };
  const changed = Object.entries(wanted).filter(
    ([field, value]) => value !== undefined && value !== before[field as keyof ChangedFields],
  );
  const own = delivery && changedDeliverySettings(stored.delivery, delivery);
  const changesDelivery = delivery && !isDeepStrictEqual(own, stored.delivery);
  const changesReplyMode = replyMode !== undefined && replyMode !== (stored.replyMode ?? null);
  const list = egressAllow && checkedEgressList(egressAllow);
  return {
    ...Object.fromEntries(changed),
    ...(changesDelivery && { delivery: own }),
    ...(changesReplyMode && { replyMode: replyMode ?? undefined }),
    ...(list && !isDeepStrictEqual(list, stored.egressAllow ?? []) && { egressAllow: list }),
  };
}
