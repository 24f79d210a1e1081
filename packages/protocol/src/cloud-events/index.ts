export { readCloudEvents } from "./read.ts";
export type { CloudEventsRequest, ReadCloudEvents } from "./read.ts";
export type { CloudEvent } from "./cloud-event.ts";
