import { isDeepStrictEqual } from "node:util";
import { InterposeError, type Dialect, type ReplyMode, type TargetType } from "@interpose/engine";
import type { Details, StoredTarget } from "../store/records.ts";
import { selectTarget } from "../store/sql/select-target.ts";
import { updateTarget as updateTargetRow } from "../store/sql/update-target.ts";
import { appendOne, write, type CommandContext } from "./context.ts";
import { refuseTakenName } from "./create-target.ts";
import { changedDeliverySettings, type DeliverySettingsChanges } from "./delivery-settings.ts";
import { authorizeEgress, checkedEgressList } from "./egress-list.ts";
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
  readonly delivery?: DeliverySettingsChanges | undefined;
  /** What may be called for it alone; empty: nothing. */
  readonly egressAllow?: readonly string[] | undefined;
}

/**
 * Changes a target. When nothing would change, no event is added and the old details are answered. What may be called for it alone, and the endpoint of one
 * that has such a list, are changed only by those who may say where targets can be called.
 * Throws `target_not_found`, `target_invalid`, `target_exists` or `permission_denied`.
 */
export async function updateTarget(context: CommandContext, id: string, changes: TargetChanges): Promise<Details> {
  if (changes.name !== undefined) checkName(changes.name);
  if (changes.timeoutMs !== undefined) checkTimeout(changes.timeoutMs);
  if (changes.endpoint !== undefined) checkEndpoint(changes.endpoint);
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
    if (Object.keys(changed).length === 0) return stored.details;
    if (changed.egressAllow !== undefined) authorizeEgress(context, "A change of what may be called for a target");
    if (changed.endpoint !== undefined && stored.egressAllow !== undefined)
      authorizeEgress(context, "A change of the endpoint of a target that has an egress_allow of its own");
    if (changed.name !== undefined) await refuseTakenName(command, context.instanceId, changed.name, id);
    const details = await appendOne(command, {
      aggregateType: "target",
      aggregateId: id,
      type: "target.changed",
      payload: {
        ...changed,
        ...(changed.endpoint !== undefined && { endpoint: withoutSecrets(changed.endpoint) }),
        ...("delivery" in changed && { delivery: changed.delivery ?? {} }),
        ...("replyMode" in changed && { replyMode: changed.replyMode ?? null }),
      },
    });
    await updateTargetRow(command.tx, context.instanceId, { ...stored, ...changed }, details);
    return details;
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
    | "delivery"
    | "egressAllow"
  >
>;

/** The fields whose value really becomes another one. */
function effectiveChanges(
  stored: StoredTarget,
  { calling, delivery, replyMode, egressAllow, ...rest }: TargetChanges,
): ChangedFields {
  const wanted = {
    ...rest,
    ...(calling && { type: calling.type, interruptOnError: calling.type !== "async" && calling.interruptOnError }),
  };
  const changed = Object.entries(wanted).filter(
    ([field, value]) => value !== undefined && value !== stored[field as keyof ChangedFields],
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
