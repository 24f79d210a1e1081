export { protobufMessage, unwrap, withHiddenFields } from "./protobuf-message.ts";
export { createHiddenFields, pathLeadsInto } from "./hidden-fields.ts";
export type { HiddenFields } from "./hidden-fields.ts";
export { sampleMessage } from "./sample.ts";
export { shownDynamic } from "./dynamic-json.ts";
export { recordableJson } from "./recordable.ts";
