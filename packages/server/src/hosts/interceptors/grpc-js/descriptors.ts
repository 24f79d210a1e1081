import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import { fromBinary, type DescMethod, type Registry } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema, type FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { InterposeError } from "@interpose/engine";
import { assemble } from "../../gateway/descriptors/assembly/assemble.ts";
import { DEFAULT_LIMITS } from "../../gateway/descriptors/index.ts";

/** A method of a service, with its descriptor. */
export interface DescribedMethod {
  readonly descriptor: DescMethod;
  readonly definition: MethodDefinition<unknown, unknown>;
}

/** Services of @grpc/grpc-js with what their messages are made of. */
export interface DescribedServices {
  readonly registry: Registry;
  /** By path: `/package.Service/Method`. */
  readonly methods: ReadonlyMap<string, DescribedMethod>;
}

/**
 * Finds the descriptors of services: in a registry or a set of descriptors that is given, else in what @grpc/proto-loader puts into its definitions. Throws
 * `descriptors_invalid` for a service that none of them describes.
 */
export function describeServices(
  services: readonly ServiceDefinition[],
  given: Registry | Uint8Array | undefined,
): DescribedServices {
  const definitions = services.flatMap((service) => Object.values(service) as MethodDefinition<unknown, unknown>[]);
  const registry = registryOf(definitions, given);
  const methods = new Map<string, DescribedMethod>();
  for (const definition of definitions) {
    const [, service = "", name = ""] = definition.path.split("/");
    const descriptor = registry.getService(service)?.methods.find((method) => method.name === name);
    if (!descriptor) throw notDescribed(definition.path);
    methods.set(definition.path, { descriptor, definition });
  }
  return { registry, methods };
}

function registryOf(
  definitions: readonly MethodDefinition<unknown, unknown>[],
  given: Registry | Uint8Array | undefined,
): Registry {
  if (given && !(given instanceof Uint8Array)) return given;
  try {
    const files = given ? fromBinary(FileDescriptorSetSchema, given).file : loadedFiles(definitions);
    return assemble(files, {
      limits: DEFAULT_LIMITS,
      broken: given ? "refuse" : "leave out",
      onMissingImport: "Make the set with all of its imports: `buf build` does by default.",
    }).registry;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new InterposeError("descriptors_invalid", `The descriptors of the interceptor cannot be used: ${text}`, {
      cause: error,
    });
  }
}

/** A definition of @grpc/proto-loader carries the types of its messages, and these the files that they stand in. */
interface LoadedDefinition {
  readonly requestType?: { readonly fileDescriptorProtos?: readonly Uint8Array[] };
  readonly responseType?: { readonly fileDescriptorProtos?: readonly Uint8Array[] };
}

function loadedFiles(
  definitions: readonly (MethodDefinition<unknown, unknown> & LoadedDefinition)[],
): readonly FileDescriptorProto[] {
  // All types of one loading share one list, whose files are read once.
  const lists = new Set(
    definitions.flatMap(({ requestType, responseType }) => [
      requestType?.fileDescriptorProtos ?? [],
      responseType?.fileDescriptorProtos ?? [],
    ]),
  );
  const files = new Map<string, FileDescriptorProto>();
  for (const bytes of [...lists].flat()) {
    const file = fromBinary(FileDescriptorProtoSchema, bytes);
    if (!files.has(file.name)) files.set(file.name, file);
  }
  return [...files.values()];
}

function notDescribed(path: string): InterposeError {
  return new InterposeError(
    "descriptors_invalid",
    `The method ${path} is not described. Give the interceptor a set of descriptors that has it, as \`buf build -o FILE\` makes them.`,
  );
}
