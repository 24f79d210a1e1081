import type { DescFile } from "@bufbuild/protobuf";
import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import {
  file_google_protobuf_any,
  file_google_protobuf_api,
  file_google_protobuf_compiler_plugin,
  file_google_protobuf_cpp_features,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_go_features,
  file_google_protobuf_java_features,
  file_google_protobuf_source_context,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_type,
  file_google_protobuf_wrappers,
} from "@bufbuild/protobuf/wkt";
import { file_buf_validate_validate } from "@interpose/protocol/gen/buf/validate/validate_pb";
import { file_google_api_annotations } from "@interpose/protocol/gen/google/api/annotations_pb";
import { file_google_api_http } from "@interpose/protocol/gen/google/api/http_pb";
import { file_google_rpc_code } from "@interpose/protocol/gen/google/rpc/code_pb";
import { file_google_rpc_error_details } from "@interpose/protocol/gen/google/rpc/error_details_pb";
import { file_google_rpc_status } from "@interpose/protocol/gen/google/rpc/status_pb";

const FILES: readonly DescFile[] = [
  file_google_protobuf_any,
  file_google_protobuf_api,
  file_google_protobuf_compiler_plugin,
  file_google_protobuf_cpp_features,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_go_features,
  file_google_protobuf_java_features,
  file_google_protobuf_source_context,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_type,
  file_google_protobuf_wrappers,
  file_google_api_annotations,
  file_google_api_http,
  file_google_rpc_code,
  file_google_rpc_error_details,
  file_google_rpc_status,
  file_buf_validate_validate,
];

const BY_NAME = new Map(FILES.map(({ proto }) => [proto.name, proto]));

/**
 * A file that schemas import and sets of them leave out, by the name under which it is imported: protobuf's own, Google's for REST and for errors, and
 * protovalidate's. Used only where the schema does not bring its own.
 */
export function knownFile(name: string): FileDescriptorProto | undefined {
  return BY_NAME.get(name);
}

const BY_TYPE = new Map(
  FILES.flatMap((file) => [...file.messages, ...file.enums].map(({ typeName }) => [typeName, file.proto] as const)),
);

/** The file among those that everybody imports which defines a type; types inside of others are not looked for. */
export function knownFileOf(typeName: string): FileDescriptorProto | undefined {
  return BY_TYPE.get(typeName);
}
