import { InterposeError, type Dialect, type PayloadType, type TargetType } from "@interpose/engine";
import type { Details } from "../store/records.ts";
import { insertTarget } from "../store/sql/insert-target.ts";
import { selectTargetByName } from "../store/sql/select-target-by-name.ts";
import { appendOne, write, type KeyContext, type Write } from "./context.ts";
import { ensureInstanceKey } from "./instance-keys.ts";
import { replaceSigningKey } from "./signing-keys.ts";
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
  /** Default: `json`. */
  readonly payloadType?: PayloadType | undefined;
}

/** A target that was created, with the one copy of its signing key. */
export interface CreatedTarget {
  readonly id: string;
  readonly details: Details;
  /** The HMAC key by which its calls are signed. */
  readonly signingKey: string;
}

/** Creates a target. Throws `target_invalid`, or `target_exists` when the name is taken in any case of letters. */
export async function createTarget(context: KeyContext, input: NewTarget): Promise<CreatedTarget> {
  checkName(input.name);
  checkTimeout(input.timeoutMs);
  checkEndpoint(input.endpoint);
  const { payloadType = "json", ...given } = input;
  const target = {
    ...given,
    id: context.newId(),
    interruptOnError: input.type !== "async" && input.interruptOnError,
    ...(payloadType !== "json" && { payloadType }),
  };
  const { id, ...payload } = { ...target, endpoint: withoutSecrets(target.endpoint) };
  if (payloadType !== "json") await ensureInstanceKey(context);
  return write(context, async (command) => {
    await refuseTakenName(command, context.instanceId, target.name);
    const details = await appendOne(command, {
      aggregateType: "target",
      aggregateId: id,
      type: "target.added",
      payload,
    });
    await insertTarget(command.tx, context.instanceId, target, details);
    const rotation = { algorithm: "hmac", graceMs: 0 } as const;
    const replacement = { ...rotation, targetId: id, keyId: context.newId(), at: details.changedAt };
    const { text: signingKey } = await replaceSigningKey(command, context, replacement);
    if (signingKey === undefined) throw new Error("a key for HMAC came without its text");
    return { id, details, signingKey };
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
