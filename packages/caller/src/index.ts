export { createTargetCaller } from "./target-caller.ts";
export type { HttpTargetCaller } from "./target-caller.ts";
export type { TargetCallerOptions } from "./options.ts";
export { createEgressRules } from "./egress/rules.ts";
export type { EgressRules, Verdict } from "./egress/rules.ts";
