// Makes the packages as they are published: compiled to JavaScript with declarations, since Node strips no types below node_modules.
//   node scripts/pack.mjs FOLDER     writes a .tgz for each package into FOLDER
import { execFileSync } from "node:child_process";
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildConsoleIfStale, CONSOLE_FILES } from "./console.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const PACKAGES = ["engine", "protocol", "caller", "receiver", "server"];

/** Packs all packages, and answers the files. */
export function pack(folder) {
  mkdirSync(folder, { recursive: true });
  tsc("-b");
  buildConsoleIfStale(process.execPath);
  // Below the checkout, so that the compiler finds the dependencies.
  const stage = mkdtempSync(join(root, ".tsbuild/pack-"));
  try {
    return PACKAGES.map((name) => {
      stagePackage(name, join(stage, name));
      const args = ["pack", "--ignore-scripts", "--silent", "--pack-destination", resolve(folder)];
      return join(folder, execFileSync("npm", args, { cwd: join(stage, name), encoding: "utf8" }).trim());
    });
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

function tsc(...args) {
  // On the Node that runs this, not on an older one that comes first on the PATH.
  execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), ...args], {
    cwd: root,
    stdio: "inherit",
  });
}

/** Puts together what one package has in its .tgz: `dist/` in the place of `src/`, and a package.json that says so. */
function stagePackage(name, stage) {
  const source = join(root, "packages", name);
  const isTest = (path) => /\.test\.ts$|\/test(\/|$)/.test(path);
  mkdirSync(stage);
  const options = join(stage, "tsconfig.json");
  const { references } = JSON.parse(readFileSync(join(source, "tsconfig.json"), "utf8"));
  const tsconfig = {
    extends: join(source, "tsconfig.json"),
    compilerOptions: {
      rootDir: join(source, "src"),
      outDir: join(stage, "dist"),
      composite: false,
      incremental: false,
      tsBuildInfoFile: null,
      emitDeclarationOnly: false,
      // They were checked above.
      noCheck: true,
    },
    include: [join(source, "src")],
    exclude: ["**/*.test.ts", "**/test/**"].map((pattern) => join(source, "src", pattern)),
    references: references.map(({ path }) => ({ path: join(source, path) })),
  };
  writeFileSync(options, JSON.stringify(tsconfig));
  tsc("-p", options);
  rmSync(options);
  // Generated code, SQL and the like stay as they are.
  cpSync(join(source, "src"), join(stage, "dist"), {
    recursive: true,
    filter: (path) => !isTest(relative(source, path)) && (!path.endsWith(".ts") || path.endsWith(".d.ts")),
  });
  // Where server/src/console/index.ts looks for it.
  if (name === "server")
    cpSync(CONSOLE_FILES, join(stage, "dist/console-files"), { recursive: true, filter: isServed });
  for (const file of globSync("dist/**/*.d.ts", { cwd: stage })) {
    const path = join(stage, file);
    const text = readFileSync(path, "utf8");
    // The compiler rewrites what JavaScript imports, but not what declarations do.
    writeFileSync(path, text.replace(/((?:from|import\()\s*"\.{1,2}\/[^"]*)\.ts"/g, '$1.js"'));
  }
  if (readdirSync(source).includes("bin")) {
    mkdirSync(join(stage, "bin"));
    // A checkout's start finds or installs a Node that is new enough; a published package leaves that to its engines.
    cpSync(join(source, "bin/node-flags.mjs"), join(stage, "bin/node-flags.mjs"));
    const launcher = [
      "#!/usr/bin/env node",
      'import { fileURLToPath } from "node:url";',
      'import { flagsFor, runWithFlags } from "./node-flags.mjs";',
      "const args = process.argv.slice(2);",
      'await runWithFlags(fileURLToPath(new URL("../dist/cli/main.js", import.meta.url)), args, flagsFor(args));',
      "",
    ];
    writeFileSync(join(stage, "bin/interpose.mjs"), launcher.join("\n"), { mode: 0o755 });
  }
  // By which editors check and complete a settings file.
  if (name === "server") cpSync(join(root, "docs/schema"), join(stage, "schema"), { recursive: true });
  for (const file of ["LICENSE", "README.md"]) cpSync(join(root, file), join(stage, file));
  const manifest = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
  const published = { ...manifest, exports: compiled(manifest.exports), files: ["bin", "dist", "schema"] };
  writeFileSync(join(stage, "package.json"), `${JSON.stringify(published, undefined, 2)}\n`);
}

/** The build's own record is not served. */
function isServed(path) {
  return !path.startsWith(join(CONSOLE_FILES, ".vite"));
}

/** What a checkout exports as TypeScript, as the compiled package has it. */
function compiled(exports) {
  const inDist = (path) => path.replace("./src/", "./dist/");
  return Object.fromEntries(
    Object.entries(exports).map(([name, to]) => {
      if (typeof to !== "string") return [name, Object.fromEntries(Object.entries(to).map(([k, v]) => [k, inDist(v)]))];
      if (!to.endsWith(".ts")) return [name, inDist(to)];
      const path = inDist(to).replace(/\.ts$/, "");
      return [name, { types: `${path}.d.ts`, default: `${path}.js` }];
    }),
  );
}

if (realpathSync(process.argv[1] ?? "") === fileURLToPath(import.meta.url)) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) {
    console.error("usage: node scripts/pack.mjs FOLDER");
    process.exit(2);
  }
  for (const file of pack(folder)) console.log(file);
}
