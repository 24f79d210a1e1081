// Gateways in one process, which differ in their settings alone: V8 has optimized the same code for both, and in the same way, while two processes of one program differ by some ten per cent for as long as they live.
import { readSettings } from "../../packages/server/src/config/index.ts";
import { serve } from "../../packages/server/src/cli/serve-until-stopped.ts";
import { answerQuestions } from "../harness/child.ts";
import { cpuMicroseconds } from "../harness/cpu.ts";
import { readyUrlIn } from "../harness/server.ts";

const stopping = new AbortController();
const running: Promise<void>[] = [];

const answers = {
  /** Starts one more, and answers its URL when it is ready. */
  async start(env: Readonly<Record<string, string>>): Promise<string> {
    const read = readSettings({ flags: {}, env, cwd: process.cwd(), configFile: undefined });
    return new Promise((resolve, reject) => {
      const print = (text: string): void => {
        const url = readyUrlIn(text);
        if (url !== undefined) resolve(url);
      };
      const served = serve(read, { stop: stopping.signal, print });
      running.push(served);
      served.catch(reject);
    });
  },

  cpu: cpuMicroseconds,

  /** Stops all of them. */
  async stop(): Promise<void> {
    stopping.abort("the benchmark is over");
    await Promise.all(running);
  },
};

/** What this program answers. */
export type TwinsAnswers = typeof answers;

answerQuestions(answers);
