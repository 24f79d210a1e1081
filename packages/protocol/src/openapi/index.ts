export { openApiDocument } from "./document.ts";
export type { OpenApiOptions } from "./document.ts";
