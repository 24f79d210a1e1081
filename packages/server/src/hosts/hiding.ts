import type { ApiFailure, Message, Plan } from "@interpose/engine";
import { createHiddenFields, failureWithHiddenFields, withHiddenFields, type HiddenFields } from "@interpose/protocol";

/** What a plan's targets are shown of. */
export interface ShownToTargets {
  readonly message: Message;
  readonly request: Message | undefined;
  readonly failure?: ApiFailure | undefined;
}

/** Hides from messages what targets must not see: by paths for all of them, and by those of the plan's execution. Paths are compiled once for each plan. */
export function createHiding(everywhere: readonly string[]): (plan: Plan, shown: ShownToTargets) => ShownToTargets {
  const ofAll = everywhere.length > 0 ? createHiddenFields(everywhere) : undefined;
  const known = new WeakMap<Plan, HiddenFields>();

  function hiddenBy(plan: Plan): HiddenFields | undefined {
    const own = plan.options?.hiddenFields ?? [];
    if (own.length === 0) return ofAll;
    const found = known.get(plan) ?? createHiddenFields([...new Set([...everywhere, ...own])]);
    known.set(plan, found);
    return found;
  }

  return (plan, { message, request, failure }) => {
    const hidden = hiddenBy(plan);
    // What the last plan hid from its targets is not what this one does. Without any paths, messages hide what is marked of their own accord.
    return {
      message: withHiddenFields(message, hidden),
      request: request && withHiddenFields(request, hidden),
      failure: failure && hidden ? failureWithHiddenFields(failure, hidden) : failure,
    };
  };
}
