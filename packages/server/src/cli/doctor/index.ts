import type { Command } from "commander";
import type { CommandTools } from "../command-tools.ts";
import { Ended, EXIT } from "../exit-codes.ts";
import { styled, type Style } from "../output.ts";
import type { Level } from "./finding.ts";
import type { Report } from "./run-checks.ts";

interface DoctorOptions {
  readonly connect?: boolean;
}

/** How lines of a level begin. A symbol never stands alone, and a colour never says what no word says. */
const LEVELS = {
  ok: { symbol: "✓", style: "green" },
  warning: { symbol: "!", style: "yellow" },
  problem: { symbol: "✗", style: "red" },
  skipped: { symbol: "-", style: "dim" },
} as const satisfies Record<Level, { readonly symbol: string; readonly style: Style }>;

/** Adds `doctor`. */
export function addDoctor(command: Command, toolsOf: (command: Command) => CommandTools): void {
  command
    .description("check settings, database, keys, targets and a running server, and say what to mend; changes nothing")
    .option("--url <url>", "server to look at (INTERPOSE_URL; default: where the settings say that one listens)")
    .option("--connect", "open a connection to each target, TLS included; nothing is sent")
    .option("--config <file>", "settings file (INTERPOSE_CONFIG; default interpose.yaml, if there is one)")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      "\nEnds with 0 when nothing is wrong, warnings or not, and with 7 when there are problems.\n\nExamples:\n  interpose doctor\n  interpose doctor --url https://interpose.example.com --connect --json",
    )
    .action(async ({ connect = false }: DoctorOptions, self: Command) => {
      const { output, readSettings, givenUrl } = toolsOf(self);
      const url = givenUrl();
      const [{ runChecks }, { CHECKS }] = await Promise.all([import("./run-checks.ts"), import("./checks.ts")]);
      const reports = await runChecks(CHECKS, { url, connects: connect, readSettings });
      const checks = reports.flatMap(({ check, findings }) =>
        findings.map(({ level, text, mend }) => ({ check, level, text, mend })),
      );
      const summary = summaryOf(reports);
      output.answer({ checks, ...summary }, () => [...linesOf(reports), "", sentenceOf(summary)].join("\n"));
      if (summary.problems > 0) throw new Ended(EXIT.problems);
    });
}

function linesOf(reports: readonly Report[]): readonly string[] {
  const width = Math.max(...reports.map(({ check }) => check.length));
  return reports.flatMap(({ check, findings }) =>
    findings.map(({ level, text, mend }) => {
      const { symbol, style } = LEVELS[level];
      const begin = styled(style, `${symbol} ${level.padEnd("warning".length)}`);
      return `${begin}  ${check.padEnd(width)}  ${text}${mend === undefined ? "" : ` ${mend}`}`;
    }),
  );
}

interface Summary {
  readonly problems: number;
  readonly warnings: number;
}

function summaryOf(reports: readonly Report[]): Summary {
  const count = (level: Level): number =>
    reports.flatMap(({ findings }) => findings).filter((each) => each.level === level).length;
  return { problems: count("problem"), warnings: count("warning") };
}

function sentenceOf({ problems, warnings }: Summary): string {
  const counted = (count: number, what: string): string =>
    `${count === 0 ? "no" : count} ${what}${count === 1 ? "" : "s"}`;
  return `Found ${counted(problems, "problem")} and ${counted(warnings, "warning")}.`;
}
