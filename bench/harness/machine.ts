import { availableParallelism, cpus, totalmem, type } from "node:os";

/** Where and when it was measured: nothing that names the machine. */
export function describeMachine(now: Date): string {
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  const cores = availableParallelism();
  const memory = Math.round(totalmem() / 1024 ** 3);
  return `${now.toISOString().slice(0, 10)}, ${model}, ${cores} cores, ${memory} GiB, ${type()}, Node ${process.versions.node}`;
}
