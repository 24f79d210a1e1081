import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Cleanup } from "../harness/cleanup.ts";
import { buildGoTools, type GoTools } from "../harness/go-tools.ts";
import type { Between } from "./between.ts";

const MODULE = "connectrpc.com/conformance@v1.0.7";

/** One run of the suite with a gateway in the middle. */
export interface SuiteRun {
  /** `server`: the suite's client calls its server with odd requests, too. `client`: its server gives odd responses, too. */
  readonly mode: "server" | "client";
  /** What is combined with each other, as the suite's configuration has it. All of it in capital letters, without the name of what it is one of. */
  readonly versions: readonly ("1" | "2")[];
  readonly protocols: readonly ("CONNECT" | "GRPC" | "GRPC_WEB")[];
  readonly codecs: readonly ("PROTO" | "JSON")[];
  readonly compressions: readonly ("IDENTITY" | "GZIP" | "BR" | "ZSTD" | "DEFLATE" | "SNAPPY")[];
  readonly tls: boolean;
  /** What the other side of the gateway understands. */
  readonly speaks: Between["speaks"];
  /**
   * In the mode `server`: what is on the other side. Default: the suite's reference server, asked for what the client speaks. `grpc`: the same, asked for gRPC over
   * HTTP/2 in the clear. `grpc-go`: a server of grpc-go's, which understands nothing else.
   */
  readonly upstream?: "grpc" | "grpc-go";
  /** Cases that are left out, as patterns. */
  readonly skip?: readonly string[];
  /** Called for every request and response. */
  readonly target?: string | undefined;
}

/** What came of a run. */
export interface SuiteResult {
  readonly total: number;
  /** What the suite says of each case that failed, by the case's name. */
  readonly failures: ReadonlyMap<string, string>;
  /** What the programs of ours said beside it. */
  readonly said: string;
}

/** The suite, built. */
export interface Suite {
  /** Runs all cases, or the given ones alone. */
  run(run: SuiteRun, only?: readonly string[]): Promise<SuiteResult>;
  /** Runs cases without a gateway, and answers those that fail. */
  failWithout(run: SuiteRun, cases: readonly string[]): Promise<ReadonlySet<string>>;
}

/** Builds the suite, or says why it cannot. */
export function buildSuite(t: Cleanup): Suite | string {
  const programs = ["connectconformance", "referenceclient", "referenceserver", "grpcserver"];
  const tools = buildGoTools(
    t,
    MODULE,
    programs.map((name) => `cmd/${name}`),
  );
  if (typeof tools === "string") return tools;
  return {
    run({ speaks, upstream, target, ...run }, only) {
      const reference = tools.path(upstream === "grpc-go" ? "grpcserver" : `reference${run.mode}`);
      const protos = join(tools.module, "proto");
      const between: Between = { reference, protos, speaks, target, isUpstreamGrpc: upstream !== undefined };
      const program = fileURLToPath(new URL(`${run.mode}.ts`, import.meta.url));
      const command = [process.execPath, program, JSON.stringify(between)];
      return execute(tools, { ...run, ...(upstream && { upstream }) }, command, only);
    },
    async failWithout(run, cases) {
      const { failures } = await execute(tools, run, [tools.path(`reference${run.mode}`)], cases);
      return new Set(failures.keys());
    },
  };
}

async function execute(
  tools: GoTools,
  run: Omit<SuiteRun, "speaks">,
  command: readonly string[],
  only: readonly string[] = [],
): Promise<SuiteResult> {
  const directory = await mkdtemp(join(tmpdir(), "interpose-conformance-"));
  try {
    const config = join(directory, "config.json");
    await writeFile(config, JSON.stringify(configOf(run)));
    const cases = join(directory, "cases");
    await writeFile(cases, only.join("\n"));
    const args = ["--mode", run.mode, "--conf", config, ...(run.skip ?? []).flatMap((pattern) => ["--skip", pattern])];
    if (only.length > 0) args.push("--run", `@${cases}`);
    const child = spawn(tools.path("connectconformance"), [...args, "--", ...command], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let report = "";
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (report += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    await once(child, "close");
    return { total: Number(/Total cases: (\d+)/.exec(report)?.[1] ?? 0), failures: failuresIn(report), said };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The report has a line for each case that failed, and lines of tabs below it that say why. */
function failuresIn(report: string): ReadonlyMap<string, string> {
  const failed = report.matchAll(/^FAILED: (.*):\n((?:\t.*\n)*)/gm);
  return new Map(Array.from(failed, ([, name = "", why = ""]) => [name, why.trim()]));
}

function configOf({ versions, protocols, codecs, compressions, tls, upstream }: Omit<SuiteRun, "speaks">): unknown {
  return {
    features: {
      versions: versions.map((version) => `HTTP_VERSION_${version}`),
      protocols: protocols.map((protocol) => `PROTOCOL_${protocol}`),
      codecs: codecs.map((codec) => `CODEC_${codec}`),
      compressions: compressions.map((compression) => `COMPRESSION_${compression}`),
      supports_tls: tls,
      supports_half_duplex_bidi_over_http1: versions.includes("1"),
      // The suite's server of grpc-go has no method that GET is for.
      supports_connect_get: upstream !== "grpc-go",
    },
  };
}
