export { createServiceCatalog } from "./catalog.ts";
export type { ServiceCatalog } from "./catalog.ts";
export { accessNote, methodRules, successStatus } from "./method-rules.ts";
export type { Access, MethodRules } from "./method-rules.ts";
export { createReflection } from "./reflection.ts";
export type { Reflection } from "./reflection.ts";
