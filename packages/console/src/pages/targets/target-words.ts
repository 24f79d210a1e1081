import { PayloadType } from "@interpose/protocol/gen/zitadel/action/v2/target_pb";
import type { Option } from "../../components/form.ts";

/** Ways in which a target is called, as the API names them. */
export type TargetKind = "restWebhook" | "restCall" | "restAsync";

/** What they are, for people. */
export const KINDS: readonly { readonly value: TargetKind; readonly label: string; readonly hint: string }[] = [
  {
    value: "restWebhook",
    label: "Webhook",
    hint: "Is waited for. It may let the message pass or refuse it, by its status.",
  },
  { value: "restCall", label: "Call", hint: "Is waited for. Its reply may change the message too." },
  { value: "restAsync", label: "Async", hint: "Is told, and not waited for." },
];

/** Ways in which a payload is written. */
export const PAYLOAD_TYPES: readonly [Option<PayloadType>, ...Option<PayloadType>[]] = [
  { value: String(PayloadType.JSON), label: "JSON", means: PayloadType.JSON },
  { value: String(PayloadType.JWT), label: "JWT: signed by this server", means: PayloadType.JWT },
  {
    value: String(PayloadType.JWE),
    label: "JWE: signed, and encrypted to the target's public key",
    means: PayloadType.JWE,
  },
];

/** How a target is called, as any version of the API answers it. */
interface Typed {
  readonly targetType:
    | { readonly case: "restWebhook" | "restCall"; readonly value: { readonly interruptOnError: boolean } }
    | { readonly case: "restAsync"; readonly value: unknown }
    | { readonly case: undefined; readonly value?: undefined };
}

/** How a target is called. */
export function kindOf({ targetType }: Typed): TargetKind {
  return targetType.case ?? "restWebhook";
}

/** The same in a word. */
export function kindLabel(target: Typed): string {
  const kind = kindOf(target);
  return KINDS.find(({ value }) => value === kind)?.label ?? kind;
}

/** Whether a failure of the target ends the run. */
export function interrupts({ targetType }: Typed): boolean {
  return targetType.case !== undefined && targetType.case !== "restAsync" && targetType.value.interruptOnError;
}
