// Loaded before `interpose serve`: says what the process has used, and what was recorded in it, so that the product needs nothing for it.
import { answerQuestions } from "./child.ts";
import { cpuMicroseconds } from "./cpu.ts";
import { median } from "./statistics.ts";

let recorded: number[] = [];

/** Keeps a number until it is asked for. For modules that a benchmark loads into a server. */
export function record(value: number): void {
  recorded.push(value);
}

const answers = {
  cpu: cpuMicroseconds,
  /** The median of what was recorded since it was last asked for; undefined for nothing. */
  recorded(): number | undefined {
    const values = recorded;
    recorded = [];
    return values.length === 0 ? undefined : median(values);
  },
};

/** What a server answers. */
export type ProbeAnswers = typeof answers;

answerQuestions(answers);
// The channel alone must not keep a server alive that has been told to stop.
process.channel?.unref();
