import { readFileSync } from "node:fs";

/** The sections of docs/cli.md, by heading. */
export function cliSections(): ReadonlyMap<string, string> {
  const text = readFileSync(new URL("../../../../docs/cli.md", import.meta.url), "utf8");
  return new Map(
    text
      .split("\n## ")
      .slice(1)
      .map((section) => {
        const end = section.indexOf("\n");
        return [section.slice(0, end), section.slice(end + 1)];
      }),
  );
}

/** The JSON document that a command's section shows. */
export function documentedAnswer(command: string): unknown {
  const [, json] = /```json\n([\s\S]*?)\n```/.exec(cliSections().get(`\`interpose ${command}\``) ?? "") ?? [];
  if (json === undefined) throw new Error(`docs/cli.md shows no JSON of interpose ${command}`);
  return JSON.parse(json);
}

/** What a value looks like: its keys and the types of its values, with a list as the shapes of its elements together. */
export function shapeOf(value: unknown): readonly string[] {
  const lines = new Set<string>();
  collect(value, "");
  return [...lines].sort();

  function collect(each: unknown, path: string): void {
    if (Array.isArray(each)) {
      lines.add(`${path}: list`);
      for (const element of each) collect(element, `${path}[]`);
    } else if (typeof each === "object" && each !== null) {
      for (const [key, inner] of Object.entries(each)) collect(inner, `${path}.${key}`);
    } else lines.add(`${path}: ${each === null ? "null" : typeof each}`);
  }
}
