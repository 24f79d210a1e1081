import { stat } from "node:fs/promises";
import { InterposeError } from "@interpose/engine";
import { createDescriptors, type Descriptors } from "./descriptors.ts";
import { fromFile } from "./from-file.ts";
import { fromFolder } from "./from-folder.ts";
import { fromReflection } from "./from-reflection.ts";
import { DEFAULT_LIMITS, type DescriptorLimits } from "./limits.ts";
import { DescriptorProblem, textOf } from "./problem.ts";
import type { ReflectionSource } from "./reflection-stream.ts";

/** A file with a set of descriptors, or a folder of .proto files. */
export interface PathSource {
  readonly kind: "path";
  readonly path: string;
}

/** Where an API's descriptors come from. */
export type DescriptorSource = PathSource | ReflectionSource;

/** How descriptors are loaded. */
export interface LoadOptions {
  readonly limits?: Partial<DescriptorLimits>;
  /** Gives up. */
  readonly signal?: AbortSignal;
}

/**
 * Loads descriptors. Throws `descriptors_invalid` where the source has some that cannot be used, and `descriptors_unavailable` where it could not be read; both name
 * the source, say what is wrong and what to do.
 */
export async function loadDescriptors(source: DescriptorSource, options: LoadOptions = {}): Promise<Descriptors> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  try {
    if (source.kind === "path") return createDescriptors(await fromPath(source.path, limits));
    const { assembly, served } = await fromReflection(source, limits, options.signal);
    return createDescriptors(assembly, (service) => served.has(service));
  } catch (error) {
    throw errorOf(source, error);
  }
}

async function fromPath(path: string, limits: DescriptorLimits): ReturnType<typeof fromFile> {
  const stats = await stat(path);
  if (stats.isDirectory()) return fromFolder(path, limits);
  if (stats.isFile()) return fromFile(path, limits);
  throw new DescriptorProblem("it is neither a file nor a folder");
}

/** How texts name a source. */
export function describeSource(source: DescriptorSource): string {
  return source.kind === "path" ? source.path : `the reflection of ${source.url}`;
}

function errorOf(source: DescriptorSource, error: unknown): InterposeError {
  const isUnavailable = error instanceof DescriptorProblem ? error.kind === "unavailable" : isOfNode(error);
  const text = error instanceof DescriptorProblem ? error.message : nodeText(error);
  return new InterposeError(
    isUnavailable ? "descriptors_unavailable" : "descriptors_invalid",
    `The descriptors of ${describeSource(source)} cannot be used: ${text.replace(/\.$/, "")}.`,
    { cause: error },
  );
}

function isOfNode(error: unknown): boolean {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === "string";
}

function nodeText(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
      return "there is no such file or folder";
    case "EACCES":
    case "EPERM":
      return "this user may not read it";
    default:
      return textOf(error);
  }
}
