// Generates code from the .proto files, or checks that what is committed is what would be generated.
//   node scripts/proto.mjs generate   writes packages/protocol/src/gen, and what the examples need
//   node scripts/proto.mjs check      lint, generated code up to date, nothing broken since the last release
//   node scripts/proto.mjs release    keeps today's descriptors as the last release's
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const generated = "packages/protocol/src/gen";
const examples = "examples/greet";
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
  return (
    buf("generate") ||
    buf("build", "--as-file-descriptor-set", "-o", descriptors) ||
    buf("generate", examples, "--template", join(examples, "buf.gen.yaml"))
  );
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** Generates anew beside what is there, compares, and puts back what was there. */
function isUpToDate() {
  const folders = [generated, join(examples, "gen")];
  const kept = mkdtempSync(join(tmpdir(), "interpose-gen-"));
  try {
    for (const folder of folders) cpSync(join(root, folder), join(kept, folder), { recursive: true });
    if (generate() !== 0) return false;
    return folders.map((folder) => isSame(folder, join(kept, folder))).every(Boolean);
  } finally {
    rmSync(kept, { recursive: true, force: true });
  }
}

/** Compares a folder with what was there before, and puts that back. */
function isSame(folder, before) {
  const now = join(root, folder);
  const stale = [...new Set([...filesBelow(before), ...filesBelow(now)])].filter((file) => {
    const [old, made] = [join(before, file), join(now, file)];
    return !existsSync(old) || !existsSync(made) || !readFileSync(old).equals(readFileSync(made));
  });
  for (const file of stale)
    console.error(`${folder}/${file} is not what the protos generate. Run: npm run proto:generate`);
  rmSync(now, { recursive: true });
  cpSync(before, now, { recursive: true });
  return stale.length === 0;
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
