import { readFile, rm } from "node:fs/promises";
import { quantiles, type Quantiles } from "../harness/statistics.ts";
import { runProgram, useOf } from "./programs.ts";
import type { Shape } from "./cases.ts";

/** Calls as fast as they are answered. */
export interface Throughput {
  readonly callsPerSecond: number;
  /** CPU of what is measured for one call, in microseconds. */
  readonly cpu: number;
}

/** Times of calls that come at a given rate, in milliseconds. */
export type Latency = Pick<Quantiles, "p50" | "p99">;

/** What is called. */
export interface Called {
  readonly url: string;
  readonly bodyFile: string;
  readonly shape: Shape;
  readonly seconds: number;
}

/** Calls with h2load as fast as it goes. */
export async function measureThroughput(called: Called, pid: number): Promise<Throughput> {
  const before = useOf(pid).cpuMicroseconds;
  const { calls, callsPerSecond } = await h2load(called);
  return { callsPerSecond, cpu: (useOf(pid).cpuMicroseconds - before) / calls };
}

/** Calls with h2load at a rate, in calls per second over all connections. */
export async function measureLatency(called: Called, rate: number): Promise<Latency> {
  const log = `${called.bodyFile}.log`;
  await h2load(called, ["--rps", String(Math.max(1, Math.round(rate / called.shape.connections))), "--log-file", log]);
  // Each line: when it began, its status, and how many microseconds it took.
  const times = (await readFile(log, "utf8"))
    .trim()
    .split("\n")
    .map((line) => Number(line.split("\t")[2]) / 1_000);
  await rm(log);
  return quantiles(times);
}

async function h2load(
  { url, bodyFile, shape, seconds }: Called,
  more: readonly string[] = [],
): Promise<{ readonly calls: number; readonly callsPerSecond: number }> {
  const command = ["h2load", "-c", String(shape.connections), "-m", String(shape.streams), "-D", String(seconds)];
  const headers = ["content-type: application/grpc", "te: trailers"].flatMap((header) => ["-H", header]);
  const output = await runProgram([...command, "-d", bodyFile, ...headers, ...more, url]);
  const [, done = "", succeeded] = /(\d+) done, (\d+) succeeded/.exec(output) ?? [];
  const [, callsPerSecond] = /, ([\d.]+) req\/s/.exec(output) ?? [];
  if (Number(done) === 0 || done !== succeeded) throw new Error(`h2load's calls did not all succeed:\n${output}`);
  return { calls: Number(done), callsPerSecond: Number(callsPerSecond) };
}
