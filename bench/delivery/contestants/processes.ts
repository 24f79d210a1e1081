import type { Teardown } from "../../../packages/server/src/assembly/teardown.ts";
import { answerQuestions, startChild } from "../../harness/child.ts";
import { cpuMicroseconds } from "../../harness/cpu.ts";
import type { Workers } from "./contestant.ts";

/** The parent's half: starts processes of a program that calls `beWorker`. */
export async function startProcesses(
  teardown: Teardown,
  program: URL,
  databaseUrl: string,
  count: number,
): Promise<Workers> {
  const children = Array.from({ length: count }, () =>
    startChild<WorkerAnswers>(teardown, program, { args: [databaseUrl] }),
  );
  await Promise.all(children.map((child) => child.ask("started", undefined)));
  return {
    urls: [],
    async cpuMicroseconds() {
      const used = await Promise.all(children.map((child) => child.ask("cpu", undefined)));
      return used.reduce((sum, cpu) => sum + cpu, 0);
    },
    async stop() {
      await Promise.all(children.map((child) => child.stop()));
    },
  };
}

interface WorkerAnswers extends Record<string, (argument: never) => unknown> {
  readonly started: (argument: undefined) => Promise<void>;
  readonly cpu: (argument: undefined) => number;
}

/** The child's half: works on the database that its argument names, until it is told to stop. */
export function beWorker(start: (databaseUrl: string) => Promise<{ stop(): Promise<void> }>): void {
  const starting = start(process.argv[2] ?? "");
  const answers: WorkerAnswers = {
    started: () => starting.then(() => undefined),
    cpu: cpuMicroseconds,
  };
  answerQuestions(answers);
  process.once("SIGTERM", () => {
    void starting.then((running) => running.stop()).then(() => process.exit(0));
  });
}
