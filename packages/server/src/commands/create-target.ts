import { InterposeError, type Dialect, type TargetType } from "@interpose/engine";
import type { Details } from "../store/records.ts";
import { insertTarget } from "../store/sql/insert-target.ts";
import { selectTargetByName } from "../store/sql/select-target-by-name.ts";
import { appendOne, write, type CommandContext, type Write } from "./context.ts";
import { checkEndpoint, checkName, checkTimeout, withoutSecrets } from "./target-rules.ts";

/** A target to create. */
export interface NewTarget {
  readonly name: string;
  readonly type: TargetType;
  readonly endpoint: string;
  readonly timeoutMs: number;
  /** Has no effect on `async` targets, which never interrupt. */
  readonly interruptOnError: boolean;
  readonly dialect: Dialect;
}

/** Creates a target. Throws `target_invalid`, or `target_exists` when the name is taken in any case of letters. */
export async function createTarget(
  context: CommandContext,
  input: NewTarget,
): Promise<{ readonly id: string; readonly details: Details }> {
  checkName(input.name);
  checkTimeout(input.timeoutMs);
  checkEndpoint(input.endpoint);
  const target = { ...input, id: context.newId(), interruptOnError: input.type !== "async" && input.interruptOnError };
  const { id, ...payload } = { ...target, endpoint: withoutSecrets(target.endpoint) };
  return write(context, async (command) => {
    await refuseTakenName(command, context.instanceId, target.name);
    const details = await appendOne(command, {
      aggregateType: "target",
      aggregateId: id,
      type: "target.added",
      payload,
    });
    await insertTarget(command.tx, context.instanceId, target, details);
    return { id, details };
  });
}

/** Refuses a name that another target than `ownId` has. */
export async function refuseTakenName({ tx }: Write, instanceId: string, name: string, ownId?: string): Promise<void> {
  const holder = await selectTargetByName(tx, instanceId, name);
  if (!holder || holder === ownId) return;
  throw new InterposeError("target_exists", `The name "${name}" is taken by target "${holder}". Choose another name.`, {
    id: "V3-DKcYh",
    key: "Errors.Target.AlreadyExists",
    violations: [{ field: "name", description: "is taken" }],
  });
}
