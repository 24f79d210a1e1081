export { readComments } from "./comments.ts";
export type { Comments } from "./comments.ts";
export { openApiDocument } from "./document.ts";
export type { OpenApiOptions } from "./document.ts";
