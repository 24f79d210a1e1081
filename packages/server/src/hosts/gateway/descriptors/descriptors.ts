import { createHash } from "node:crypto";
import { createFileRegistry, toBinary, type DescService, type FileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { Assembly } from "./assembly/assemble.ts";

/** What is known of an API: its services, and every type that they need. Never changed; a reload makes another one. */
export interface Descriptors {
  readonly registry: FileRegistry;
  /** By name. With those that every server has, such as health and reflection, where the source has them. */
  readonly services: readonly DescService[];
  /** What the source has and could not be used, and why; a sentence each. The rest is used. */
  readonly problems: readonly string[];
  /** The same for the same content, whatever it was read from. */
  readonly digest: string;
}

/** Methods that came and went between two states, as `/package.Service/Method`, sorted. */
export interface MethodChanges {
  readonly came: readonly string[];
  readonly vanished: readonly string[];
}

/** Descriptors of files that were put together. `isServed` says which services are the API's own; without it, all are. */
export function createDescriptors(
  { registry, files, problems }: Assembly,
  isServed: (service: string) => boolean = () => true,
): Descriptors {
  const services = [...registry]
    .filter((type): type is DescService => type.kind === "service" && isServed(type.typeName))
    .sort((a, b) => (a.typeName < b.typeName ? -1 : 1));
  const hash = createHash("sha256");
  for (const file of files.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    hash.update(toBinary(FileDescriptorProtoSchema, file));
  }
  for (const { typeName } of services) hash.update(`\n${typeName}`);
  return Object.freeze({
    registry,
    services: Object.freeze(services),
    problems: Object.freeze(problems.map((problem) => `${problem.replace(/\.$/, "")}.`)),
    digest: hash.digest("hex"),
  });
}

/** Nothing at all: what is known of an API before it was ever asked. */
export const NO_DESCRIPTORS: Descriptors = createDescriptors({
  registry: createFileRegistry(),
  files: [],
  problems: [],
});

/** Which methods came and which vanished. */
export function changes(before: Descriptors, after: Descriptors): MethodChanges {
  const old = methodNames(before);
  const now = methodNames(after);
  return {
    came: [...now].filter((name) => !old.has(name)).sort(),
    vanished: [...old].filter((name) => !now.has(name)).sort(),
  };
}

function methodNames({ services }: Descriptors): ReadonlySet<string> {
  return new Set(services.flatMap(({ typeName, methods }) => methods.map(({ name }) => `/${typeName}/${name}`)));
}
