// Writes the documents that are made of code: the reference, and the JSON Schemas of the settings file and of documents of actions.
//   npm run docs:generate
import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Generated documents: path and text. */
export async function generatedDocuments() {
  const [{ cliPage }, { settingsPage }, { apiPage }, { settingsJsonSchema }, { actionsJsonSchema }] = await Promise.all(
    [
      import("./reference/cli.mjs"),
      import("./reference/settings.mjs"),
      import("./reference/api.mjs"),
      import("../packages/server/src/config/json-schema.ts"),
      import("../packages/server/src/actions/json-schema.ts"),
    ],
  );
  return new Map([
    ["docs/reference/cli.md", cliPage()],
    ["docs/reference/settings.md", settingsPage()],
    ["docs/reference/api.md", apiPage()],
    ["docs/schema/actions.schema.json", `${JSON.stringify(actionsJsonSchema(), undefined, 2)}\n`],
    ["docs/schema/interpose.schema.json", `${JSON.stringify(settingsJsonSchema(), undefined, 2)}\n`],
  ]);
}

if (realpathSync(process.argv[1] ?? "") === fileURLToPath(import.meta.url)) {
  for (const [path, text] of await generatedDocuments()) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    console.log(path);
  }
}
