// Generates code from the .proto files, or checks that what is committed is what would be generated.
//   node scripts/proto.mjs generate   writes packages/protocol/src/gen
//   node scripts/proto.mjs check      lint, generated code up to date, nothing broken since the last release
//   node scripts/proto.mjs release    keeps today's descriptors as the last release's
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const generated = "packages/protocol/src/gen";
const descriptors = join(generated, "descriptors.binpb");
const released = "packages/protocol/released.binpb";
// The plugin must run on the Node that runs this script, not on an older one that comes first on the PATH.
const path = [dirname(process.execPath), join(root, "node_modules/.bin"), process.env.PATH].join(delimiter);

function buf(...args) {
  const { status, error } = spawnSync("buf", args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, PATH: path },
  });
  if (error) throw error;
  return status ?? 1;
}

function generate() {
  return buf("generate") || buf("build", "--as-file-descriptor-set", "-o", descriptors);
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** Generates anew beside what is there, compares, and puts back what was there. */
function isUpToDate() {
  const target = join(root, generated);
  const kept = mkdtempSync(join(tmpdir(), "interpose-gen-"));
  try {
    cpSync(target, kept, { recursive: true });
    if (generate() !== 0) return false;
    const stale = [...new Set([...filesBelow(kept), ...filesBelow(target)])].filter((file) => {
      const [before, after] = [join(kept, file), join(target, file)];
      return !existsSync(before) || !existsSync(after) || !readFileSync(before).equals(readFileSync(after));
    });
    for (const file of stale)
      console.error(`${generated}/${file} is not what the protos generate. Run: npm run proto:generate`);
    rmSync(target, { recursive: true });
    cpSync(kept, target, { recursive: true });
    return stale.length === 0;
  } finally {
    rmSync(kept, { recursive: true, force: true });
  }
}

function check() {
  if (buf("lint") !== 0 || !isUpToDate()) return 1;
  if (!existsSync(join(root, released))) return 0;
  const config = JSON.stringify({ version: "v2", breaking: { use: ["FILE"] } });
  return buf("breaking", descriptors, "--against", released, "--config", config);
}

const commands = {
  generate,
  check,
  release: () => (copyFileSync(join(root, descriptors), join(root, released)), 0),
};
const command = commands[process.argv[2]];
if (!command) {
  console.error("usage: node scripts/proto.mjs generate|check|release");
  process.exit(2);
}
process.exit(command());
