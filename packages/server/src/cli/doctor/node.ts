import { readFileSync } from "node:fs";
import type { Check } from "./check.ts";
import { ok, problem } from "./finding.ts";

const { engines } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as {
  engines: { node: string };
};

/** Whether Node is as new as the package asks for. */
export const node: Check = {
  name: "node",
  needs: "nothing",
  run: () => {
    const least = engines.node.replace(/^>=/, "");
    const given = process.versions.node;
    if (isAtLeast(given, least)) return [ok(`Node ${given} is new enough.`)];
    return [problem(`Node ${given} is older than ${least}.`, "Install a newer one.")];
  },
};

/** Whether a version such as `22.19.0` is another one or newer. What the other one does not say counts as 0. */
export function isAtLeast(given: string, least: string): boolean {
  const [a, b] = [given, least].map((version) => version.split(".").map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
