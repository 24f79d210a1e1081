import { create } from "@bufbuild/protobuf";
import {
  MethodDescriptorProtoSchema,
  MethodOptionsSchema,
  ServiceDescriptorProtoSchema,
  ServiceOptionsSchema,
  type MethodDescriptorProto,
  type ServiceDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { nameIn, type ParseContext } from "./context.ts";
import { parseOption } from "./parse-option.ts";

/** Reads a service, whose first word was taken. */
export function parseService(context: ParseContext): ServiceDescriptorProto {
  const { cursor } = context;
  const { offset } = cursor.peek();
  const service = create(ServiceDescriptorProtoSchema, { name: cursor.name("the name of a service") });
  context.offsets.set(service, offset);
  cursor.expect("{");
  while (!cursor.take("}")) {
    if (cursor.take(";")) continue;
    if (cursor.take("option")) {
      parseOption(context, { element: service, schema: ServiceOptionsSchema, scope: service.name });
    } else if (cursor.take("rpc")) {
      service.method.push(parseMethod(context, service.name));
    } else {
      cursor.unexpected('"rpc", "option" or "}"');
    }
  }
  return service;
}

/** Reads `Name(stream Request) returns (Response) { options }`. */
function parseMethod(context: ParseContext, service: string): MethodDescriptorProto {
  const { cursor } = context;
  const { offset } = cursor.peek();
  const method = create(MethodDescriptorProtoSchema, { name: cursor.name("the name of an RPC") });
  context.offsets.set(method, offset);
  const input = parseMessageName(context);
  cursor.expect("returns");
  const output = parseMessageName(context);
  method.inputType = input.name;
  method.outputType = output.name;
  if (input.isStream) method.clientStreaming = true;
  if (output.isStream) method.serverStreaming = true;
  if (cursor.take(";")) return method;
  cursor.expect("{");
  // Descriptors tell an RPC with an empty body from one without, and protoc writes empty options then.
  method.options = create(MethodOptionsSchema);
  while (!cursor.take("}")) {
    if (cursor.take(";")) continue;
    cursor.expect("option");
    parseOption(context, { element: method, schema: MethodOptionsSchema, scope: nameIn(service, method.name) });
  }
  return method;
}

function parseMessageName({ cursor }: ParseContext): { readonly name: string; readonly isStream: boolean } {
  cursor.expect("(");
  const isStream = cursor.take("stream");
  const name = cursor.path("the name of a message");
  cursor.expect(")");
  return { name, isStream };
}
