import { spawnSync } from "node:child_process";
import { createFileRegistry, fromBinary, type DescMessage, type DescService } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const MODULES = ["packages/protocol/test/proto", "packages/protocol/third_party"].map((path) => ({ path }));

/** Descriptors of the .proto files in test/proto, built as an operator would build those of an API. */
function build(): ReturnType<typeof createFileRegistry> {
  const args = [
    "node_modules/@bufbuild/buf/bin/buf",
    "build",
    "--as-file-descriptor-set",
    "--config",
    JSON.stringify({ version: "v2", modules: MODULES }),
    "-o",
    "-",
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, maxBuffer: 64 * 1024 * 1024 });
  if (status !== 0) throw new Error(`buf build: ${stderr.toString()}`);
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, stdout));
}

/** Every type of the test protos. */
export const registry = build();

function found<T>(desc: T | undefined): T {
  if (!desc) throw new Error("the test protos lack something");
  return desc;
}

/** A service with bindings of every kind. */
export const Things: DescService = found(registry.getService("things.v1.Things"));
/** A service with bodies that are no JSON, and with streams. */
export const Flows: DescService = found(registry.getService("things.v1.Flows"));
/** A message with fields of every kind. */
export const Thing: DescMessage = found(registry.getMessage("things.v1.Thing"));
/** A message that holds itself in every way that there is. */
export const Vault: DescMessage = found(registry.getMessage("vault.v1.Vault"));
