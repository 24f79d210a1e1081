import { isDeepStrictEqual } from "node:util";
import { InterposeError, type Dialect, type TargetType } from "@interpose/engine";
import type { Details, StoredTarget } from "../store/records.ts";
import { selectTarget } from "../store/sql/select-target.ts";
import { updateTarget as updateTargetRow } from "../store/sql/update-target.ts";
import { appendOne, write, type CommandContext } from "./context.ts";
import { refuseTakenName } from "./create-target.ts";
import { changedDeliverySettings, type DeliverySettingsChanges } from "./delivery-settings.ts";
import { checkEndpoint, checkName, checkTimeout, withoutSecrets } from "./target-rules.ts";

/** What changes of a target. What is undefined stays as it is. */
export interface TargetChanges {
  readonly name?: string | undefined;
  /** A type comes with its own `interruptOnError`. */
  readonly calling?: { readonly type: TargetType; readonly interruptOnError: boolean } | undefined;
  readonly endpoint?: string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly dialect?: Dialect | undefined;
  readonly delivery?: DeliverySettingsChanges | undefined;
}

/**
 * Changes a target. When nothing would change, no event is added and the old details are answered.
 * Throws `target_not_found`, `target_invalid` or `target_exists`.
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
    if (changed.name !== undefined) await refuseTakenName(command, context.instanceId, changed.name, id);
    const details = await appendOne(command, {
      aggregateType: "target",
      aggregateId: id,
      type: "target.changed",
      payload: {
        ...changed,
        ...(changed.endpoint !== undefined && { endpoint: withoutSecrets(changed.endpoint) }),
        ...("delivery" in changed && { delivery: changed.delivery ?? {} }),
      },
    });
    await updateTargetRow(command.tx, context.instanceId, { ...stored, ...changed }, details);
    return details;
  });
}

type ChangedFields = Partial<
  Pick<StoredTarget, "name" | "type" | "interruptOnError" | "endpoint" | "timeoutMs" | "dialect" | "delivery">
>;

/** The fields whose value really becomes another one. */
function effectiveChanges(stored: StoredTarget, { calling, delivery, ...rest }: TargetChanges): ChangedFields {
  const wanted = {
    ...rest,
    ...(calling && { type: calling.type, interruptOnError: calling.type !== "async" && calling.interruptOnError }),
  };
  const changed = Object.entries(wanted).filter(
    ([field, value]) => value !== undefined && value !== stored[field as keyof ChangedFields],
  );
  const own = delivery && changedDeliverySettings(stored.delivery, delivery);
  const changesDelivery = delivery && !isDeepStrictEqual(own, stored.delivery);
  return { ...Object.fromEntries(changed), ...(changesDelivery && { delivery: own }) };
}
