import { gunzipSync } from "node:zlib";
import { create, createFileRegistry, fromBinary, fromJson, type JsonValue, type Registry } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema, type FileDescriptorSet } from "@bufbuild/protobuf/wkt";
import { assemble, type Assembly } from "./assembly/assemble.ts";
import { inImportOrder } from "./assembly/import-order.ts";
import { knownFile } from "./assembly/known-files.ts";
import type { DescriptorLimits } from "./limits.ts";
import { DescriptorProblem, textOf } from "./problem.ts";
import { readBounded } from "./read-bounded.ts";

const HOW_TO_MAKE =
  "Make one with `buf build -o FILE.binpb`, or with `protoc --include_imports --descriptor_set_out=FILE`.";

/**
 * Reads a set of descriptors from a file: what `buf build -o FILE` and `protoc --descriptor_set_out` write, in protobuf's binary form or as JSON, and either also
 * packed by gzip. The form is found by the content, not by the name. Throws DescriptorProblem.
 */
export async function fromFile(path: string, limits: DescriptorLimits): Promise<Assembly> {
  const bytes = unpacked(await readBounded(path, limits.maxBytes), limits.maxBytes);
  const set = isJson(bytes) ? setFromJson(bytes) : setFromBinary(bytes);
  if (set.file.length === 0) throw new DescriptorProblem(`it holds no descriptors. ${HOW_TO_MAKE}`);
  return assemble(set.file, {
    limits,
    broken: "refuse",
    onMissingImport:
      "Make the set with all of its imports: protoc does with the flag --include_imports, and `buf build` by default.",
  });
}

function unpacked(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!isGzip) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    const isTooLarge = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    throw new DescriptorProblem(
      isTooLarge ? `unpacked, it is larger than ${maxBytes} bytes` : `gzip cannot unpack it: ${textOf(error)}`,
    );
  }
}

/** A set begins with the tag of its first file (10), a document in JSON with a brace. */
function isJson(bytes: Uint8Array): boolean {
  const start = new TextDecoder().decode(bytes.subarray(0, 64));
  return /^\ufeff?\s*\{/.test(start);
}

function setFromBinary(bytes: Uint8Array): FileDescriptorSet {
  try {
    return fromBinary(FileDescriptorSetSchema, bytes);
  } catch (error) {
    throw new DescriptorProblem(`it is no set of descriptors: ${textOf(error)}. ${HOW_TO_MAKE}`);
  }
}

/**
 * In JSON, options stand under the names of their extensions, which the set itself describes: it is read once without them, and then again with the
 * extensions that were found in it.
 */
function setFromJson(bytes: Uint8Array): FileDescriptorSet {
  try {
    const json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as JsonValue;
    const read = (registry?: Registry): FileDescriptorSet =>
      fromJson(FileDescriptorSetSchema, json, { ignoreUnknownFields: true, ...(registry && { registry }) });
    return read(extensionsOf(read()));
  } catch (error) {
    throw new DescriptorProblem(`it is no set of descriptors in JSON: ${textOf(error)}. ${HOW_TO_MAKE}`);
  }
}

/** Undefined: the set is broken. What is wrong with it is found, and said better, when it is put together. */
function extensionsOf(set: FileDescriptorSet): Registry | undefined {
  try {
    const file = [...inImportOrder(set.file, knownFile, () => undefined)];
    return createFileRegistry(create(FileDescriptorSetSchema, { file }));
  } catch {
    return undefined;
  }
}
