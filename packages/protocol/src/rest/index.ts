export { createRoutes } from "./routes.ts";
export type { PathVariable, Route, RouteMatch, Routes } from "./routes.ts";
export { decodeJsonMessage, decodeRequest, MAX_JSON_DEPTH } from "./request.ts";
export type { RestRequest } from "./request.ts";
export { encodeResponse } from "./response.ts";
export { parseTemplate } from "./template.ts";
export type { PathTemplate } from "./template.ts";
