import { CommanderError } from "commander";
import { describeFailure, Ended, EXIT } from "./exit-codes.ts";
import { styled } from "./output.ts";
import { createProgram } from "./program.ts";

/** Runs the command line, and answers what to exit with. */
async function main(args: readonly string[]): Promise<number> {
  const program = createProgram({ env: process.env, cwd: process.cwd(), print: (text) => process.stdout.write(text) });
  try {
    await program.parseAsync(args, { from: "user" });
    // Commands that have answered may say all the same that not all is well.
    return Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    // Commander has written its own text already, help among it.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof Ended) return error.exitCode;
    const { exitCode, text } = describeFailure(error);
    process.stderr.write(`${styled("red", "error", process.stderr)}: ${text}\n`);
    return exitCode;
  }
}

// Whoever reads the answer may have seen enough of it ("| head -1").
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});
process.exitCode = await main(process.argv.slice(2));
// What is still open by now, such as a connection to a database that says nothing, must not keep the process.
setTimeout(() => process.exit(), 2_000).unref();
