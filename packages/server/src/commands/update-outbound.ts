import { isDeepStrictEqual } from "node:util";
import { InterposeError } from "@interpose/engine";
import {
  openInstanceOutbound,
  openTargetOutbound,
  sealOutbound,
  sendsAnything,
  type InstanceOutbound,
  type TargetOutbound,
} from "../keys/outbound.ts";
import { instanceOutboundPlace, targetOutboundPlace } from "../keys/places.ts";
import { SealError } from "../keys/vault.ts";
import { selectInstanceOutbound } from "../store/sql/select-instance-outbound.ts";
import { selectTargetOutbound } from "../store/sql/select-target-outbound.ts";
import { selectTarget } from "../store/sql/select-target.ts";
import { updateInstanceOutbound as updateInstanceRow } from "../store/sql/update-instance-outbound.ts";
import { updateTargetOutbound as updateOutboundColumn } from "../store/sql/update-target-outbound.ts";
import { updateTarget as updateTargetRow } from "../store/sql/update-target.ts";
import { appendOne, write, type KeyContext } from "./context.ts";
import { changedOutbound, changedPaths, type OutboundChanges } from "./outbound-changes.ts";
import { checkedOrigins, invalid } from "./outbound-rules.ts";

/** What changes of what a target is sent. */
export interface TargetOutboundChanges extends OutboundChanges {
  readonly ignoresInstance?: boolean | undefined;
  /** Everything that is not given goes, whether it can be opened or not. */
  readonly replacesAll: boolean;
}

/** What changes of what the instance sends. */
export interface InstanceOutboundChanges extends OutboundChanges {
  readonly origins?: readonly string[] | undefined;
  /** Everything that is not given goes, whether it can be opened or not. */
  readonly replacesAll: boolean;
}

/**
 * Changes what a target is sent beside its payload. When nothing would change, no event is added. Throws `target_not_found`, `target_invalid`, or `outbound_unreadable` where
 * what is kept cannot be opened and is not replaced as a whole.
 */
export async function updateTargetOutbound(
  context: KeyContext,
  targetId: string,
  { ignoresInstance, replacesAll, ...changes }: TargetOutboundChanges,
): Promise<TargetOutbound> {
  const { instanceId, vault } = context;
  const place = targetOutboundPlace(instanceId, targetId);
  return write(context, async (command) => {
    const stored = await selectTarget(command.tx, instanceId, targetId);
    if (!stored)
      throw new InterposeError(
        "target_not_found",
        `There is no target "${targetId}". List the targets to see their ids.`,
      );
    const sealed = await selectTargetOutbound(command.tx, instanceId, targetId);
    const before = openedOr(replacesAll, () => openTargetOutbound(vault, place, sealed));
    const start = before ?? openTargetOutbound(vault, place, null);
    const after = {
      ...changedOutbound(start, changes),
      ignoresInstance: ignoresInstance ?? start.ignoresInstance,
    };
    const changed = before
      ? [
          ...changedPaths(before, after),
          ...(before.ignoresInstance === after.ignoresInstance ? [] : ["ignores_instance"]),
        ]
      : ["*"];
    if (changed.length === 0) return after;
    const details = await appendOne(command, {
      aggregateType: "target",
      aggregateId: targetId,
      type: "target.outbound.changed",
      payload: { changed },
    });
    await updateOutboundColumn(command.tx, instanceId, targetId, sealOutbound(vault, place, after));
    await updateTargetRow(command.tx, instanceId, stored, details);
    return after;
  });
}

/**
 * Changes what targets at some origins are sent. When nothing would change, no event is added. Throws `target_invalid`, or `outbound_unreadable` where what is kept
 * cannot be opened and is not replaced as a whole.
 */
export async function updateInstanceOutbound(
  context: KeyContext,
  { origins, replacesAll, ...changes }: InstanceOutboundChanges,
): Promise<InstanceOutbound> {
  const { instanceId, vault } = context;
  const place = instanceOutboundPlace(instanceId);
  const given = origins && checkedOrigins(origins);
  return write(context, async (command) => {
    const sealed = await selectInstanceOutbound(command.tx, instanceId);
    const before = openedOr(replacesAll, () => openInstanceOutbound(vault, place, sealed));
    const start = before ?? openInstanceOutbound(vault, place, null);
    const after = { ...changedOutbound(start, changes), origins: given ?? start.origins };
    if (sendsAnything(after) && after.origins.length === 0)
      throw invalid(
        "origins",
        "There are none. Name the origins of the targets that this is for: it goes nowhere else.",
      );
    const changed = before
      ? [...changedPaths(before, after), ...(isDeepStrictEqual(before.origins, after.origins) ? [] : ["origins"])]
      : ["*"];
    if (changed.length === 0) return after;
    await appendOne(command, {
      aggregateType: "instance_outbound",
      aggregateId: instanceId,
      type: "instance_outbound.changed",
      payload: { changed },
    });
    await updateInstanceRow(command.tx, instanceId, sealOutbound(vault, place, after));
    return after;
  });
}

/** What is kept. Undefined: it cannot be opened, and nobody needs to know it. */
function openedOr<T>(replacesAll: boolean, open: () => T): T | undefined {
  try {
    return openedOutbound(open);
  } catch (error) {
    if (replacesAll && error instanceof InterposeError) return undefined;
    throw error;
  }
}

/** What is kept, as `open` opens it. Throws `outbound_unreadable` where that cannot be. */
export function openedOutbound<T>(open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    throw new InterposeError(
      "outbound_unreadable",
      `What is kept of the outbound settings cannot be opened: ${error.message}. Give the server that master key as a former one, or replace all of them, with the update mask "*".`,
      { cause: error },
    );
  }
}
