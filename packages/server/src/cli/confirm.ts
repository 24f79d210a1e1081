import { createInterface } from "node:readline/promises";
import { InterposeError } from "@interpose/engine";

/** Asks on the terminal whether to go on. Throws `bad_request` where the answer is not yes, and where there is nobody to ask. */
export async function confirm(question: string): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new InterposeError(
      "bad_request",
      `${question} Nobody is there to ask: give --yes, or look first with --dry-run.`,
    );
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new InterposeError("bad_request", "Nothing was changed.");
  } finally {
    terminal.close();
  }
}
