import { fromBinary, type DescService } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, type FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { assemble, type Assembly } from "./assembly/assemble.ts";
import { completeImports } from "./assembly/complete-imports.ts";
import { knownFile } from "./assembly/known-files.ts";
import type { DescriptorLimits } from "./limits.ts";
import { DescriptorProblem, textOf } from "./problem.ts";
import { withReflection, type Answer, type Ask, type ReflectionSource } from "./reflection-stream.ts";

/** What a server said of itself. */
export interface ReflectedApi {
  readonly assembly: Assembly;
  /** The services that the server lists. A file may hold others, which it does not serve. */
  readonly served: ReadonlySet<string>;
}

/**
 * Asks a server for its services and everything that they need. A service that it does not describe, or that cannot be used, is among the problems, and the rest is
 * loaded. Throws DescriptorProblem when the server cannot be asked, or goes past a limit.
 */
export async function fromReflection(
  source: ReflectionSource,
  limits: DescriptorLimits,
  signal?: AbortSignal,
): Promise<ReflectedApi> {
  const { listed, files, problems } = await withReflection(source, limits.maxBytes, signal, async (ask) => {
    const names = await listServices(ask, limits);
    const received = createReceiver(limits);
    await askForServices(names, ask, received);
    await askForImports(ask, received);
    return { listed: names, files: [...received.files.values()], problems: received.problems };
  });
  completeImports(files);
  const assembly = assemble(files, { limits, broken: "leave out", onMissingImport: "The server does not have it." });
  const usable = new Set(
    [...assembly.registry]
      .filter((type): type is DescService => type.kind === "service")
      .map(({ typeName }) => typeName),
  );
  const lost = listed
    .filter((name) => !usable.has(name) && !problems.has(name))
    .map((name) => `${name} is left out, since the file that describes it cannot be used`);
  return {
    assembly: { ...assembly, problems: [...problems.values(), ...assembly.problems, ...lost] },
    served: new Set(listed),
  };
}

async function listServices(ask: Ask, limits: DescriptorLimits): Promise<readonly string[]> {
  const [answer] = await ask([{ case: "listServices", value: "*" }]);
  if (answer?.case !== "listServicesResponse") {
    throw new DescriptorProblem(`it does not list its services: ${refusalText(answer)}`);
  }
  const names = [...new Set(answer.value.service.map(({ name }) => name))].sort();
  if (names.length > limits.maxFiles) {
    throw new DescriptorProblem(`it lists ${names.length} services, and at most ${limits.maxFiles} are read`);
  }
  return names;
}

/** Files that a server sent. */
interface Receiver {
  readonly files: ReadonlyMap<string, FileDescriptorProto>;
  /** By the service or file that they are about. */
  readonly problems: Map<string, string>;
  /** Whether a file that was sent describes this service. */
  describes(service: string): boolean;
  /** Takes the files of an answer. A text says why there are none. */
  take(answer: Answer | undefined): string | undefined;
}

function createReceiver({ maxBytes, maxFiles }: DescriptorLimits): Receiver {
  const files = new Map<string, FileDescriptorProto>();
  const services = new Set<string>();
  const problems = new Map<string, string>();
  let size = 0;
  return {
    files,
    problems,
    describes: (service) => services.has(service),
    take(answer) {
      if (answer?.case !== "fileDescriptorResponse") return refusalText(answer);
      for (const bytes of answer.value.fileDescriptorProto) {
        let file: FileDescriptorProto;
        try {
          file = fromBinary(FileDescriptorProtoSchema, bytes);
        } catch (error) {
          return `it is no file of descriptors: ${textOf(error)}`;
        }
        // Many servers send all imports with each answer: what came before is not counted again.
        if (files.has(file.name)) continue;
        size += bytes.length;
        if (size > maxBytes) throw new DescriptorProblem(`its descriptors are larger than ${maxBytes} bytes together`);
        if (files.size === maxFiles) throw new DescriptorProblem(`it sends more than ${maxFiles} files`);
        files.set(file.name, file);
        const prefix = file.package === "" ? "" : `${file.package}.`;
        for (const { name } of file.service) services.add(prefix + name);
      }
      return undefined;
    },
  };
}

/** One after the other, since a file often describes several services, and servers send all imports each time. */
async function askForServices(names: readonly string[], ask: Ask, received: Receiver): Promise<void> {
  for (const name of names) {
    if (received.describes(name)) continue;
    const [answer] = await ask([{ case: "fileContainingSymbol", value: name }]);
    const problem = received.take(answer) ?? (received.describes(name) ? undefined : "it sends files without it");
    if (problem !== undefined)
      received.problems.set(name, `the server lists ${name} and does not describe it: ${problem}`);
  }
}

/** What a server has not sent by itself is asked for by name. Each is asked for once, so that no server can keep us busy. */
async function askForImports(ask: Ask, received: Receiver): Promise<void> {
  const asked = new Set<string>();
  for (;;) {
    const missing = [...received.files.values()].flatMap(({ dependency }) => dependency);
    const wanted = [...new Set(missing)].filter((name) => !received.files.has(name) && !asked.has(name));
    if (wanted.length === 0) return;
    for (const name of wanted) asked.add(name);
    const answers = await ask(wanted.map((value) => ({ case: "fileByFilename", value }) as const));
    for (const [i, name] of wanted.entries()) {
      const problem = received.take(answers[i]);
      // That it is missing is found when all is put together; why, only here.
      if (problem !== undefined && knownFile(name) === undefined) {
        received.problems.set(name, `the server does not send ${name}: ${problem}`);
      }
    }
  }
}

function refusalText(answer: Answer | undefined): string {
  if (answer?.case === "errorResponse")
    return `${answer.value.errorMessage || "no reason is given"} (code ${answer.value.errorCode})`;
  return answer?.case === undefined ? "its answer is empty" : `it answers with ${answer.case}`;
}
