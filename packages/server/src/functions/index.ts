export { BUILTIN_FUNCTIONS } from "./builtin.ts";
export { createFunctionCatalog, existingFunction } from "./catalog.ts";
export type { FunctionCatalog } from "./catalog.ts";
export { FUNCTION_NAME } from "./declaration.ts";
export type { KnownFunction } from "./declaration.ts";
export { createInvoker, recordableReply } from "./invoke.ts";
export type { InvokeFunction } from "./invoke.ts";
