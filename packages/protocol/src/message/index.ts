export { protobufMessage, unwrap } from "./protobuf-message.ts";
