export { createMessageValidator } from "./message-validator.ts";
export type { MessageValidator } from "./message-validator.ts";
