import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Teardown } from "../../packages/server/src/assembly/teardown.ts";

/** What a child process can be asked: each question by its name, with one argument. */
export type Answers = Readonly<Record<string, (argument: never) => unknown>>;

/** A process of its own that answers questions, one after another. */
export interface Child<A extends Answers> {
  readonly process: ChildProcess;
  ask<Q extends keyof A & string>(question: Q, argument: Parameters<A[Q]>[0]): Promise<Awaited<ReturnType<A[Q]>>>;
  /** Ends it: by SIGTERM, and by SIGKILL when that is not enough. */
  stop(): Promise<void>;
}

/** How a child is started. */
export interface ChildOptions {
  readonly args?: readonly string[];
  /** Flags of Node's. */
  readonly nodeFlags?: readonly string[];
  /** Modules that are loaded before the program. */
  readonly preload?: readonly URL[];
  /** Environment on top of this process's, whose settings of Interpose are left out. */
  readonly env?: Readonly<Record<string, string>>;
  /** A file for its standard error. Default: ours. */
  readonly stderr?: number;
}

interface Question {
  readonly question: string;
  readonly argument: unknown;
}

type Answer = { readonly answer: unknown } | { readonly failed: string };

const STOP_TIMEOUT_MS = 15_000;

/** Starts a program that calls `answerQuestions`. Its standard output can be read. It is stopped in the end, if not before. */
export function startChild<A extends Answers>(teardown: Teardown, program: URL, options: ChildOptions = {}): Child<A> {
  teardown.add(program.pathname, stop);
  const child = fork(fileURLToPath(program), [...(options.args ?? [])], {
    execArgv: [...(options.nodeFlags ?? []), ...(options.preload ?? []).flatMap(({ href }) => ["--import", href])],
    env: { ...inheritedEnvironment(), ...options.env },
    stdio: ["ignore", "pipe", options.stderr ?? "inherit", "ipc"],
  });
  child.stdout?.setEncoding("utf8");
  const exited = once(child, "exit").then(() => undefined);
  let asked: Promise<unknown> = Promise.resolve();

  async function ask(question: Question): Promise<unknown> {
    const answered = once(child, "message") as Promise<[Answer]>;
    child.send(question, (error) => error && child.emit("error", error));
    const [answer] = await Promise.race([
      answered,
      exited.then(() =>
        Promise.reject(new Error(`${program.pathname} ended before it answered "${question.question}"`)),
      ),
    ]);
    if ("failed" in answer) throw new Error(`${program.pathname} failed at "${question.question}": ${answer.failed}`);
    return answer.answer;
  }

  async function stop(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const late = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    child.kill("SIGTERM");
    await exited;
    clearTimeout(late);
  }

  return {
    process: child,
    ask(question, argument) {
      const next = asked.then(() => ask({ question, argument }));
      asked = next.catch(() => undefined);
      return next as Promise<never>;
    },
    stop,
  };
}

function inheritedEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(INTERPOSE_|DATABASE_URL$|NODE_OPTIONS$)/.test(name)),
  );
}

/** The child's half: answers what the parent asks, and ends when the parent is gone. */
export function answerQuestions(answers: Answers): void {
  process.on("message", ({ question, argument }: Question) => {
    void (async (): Promise<Answer> => {
      const answer = answers[question];
      if (!answer) return { failed: "nobody answers this" };
      try {
        return { answer: await answer(argument as never) };
      } catch (error) {
        return { failed: error instanceof Error ? (error.stack ?? error.message) : String(error) };
      }
    })().then((answer) => process.send?.(answer));
  });
  process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
}
