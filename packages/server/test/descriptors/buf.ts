import { spawnSync } from "node:child_process";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

const BUF = fileURLToPath(new URL("../../../../node_modules/@bufbuild/buf/bin/buf", import.meta.url));

/** The folder of the .proto files that these tests share. */
export const PROTOS = fileURLToPath(new URL("proto", import.meta.url));
/** The .proto files of Google, gRPC and protovalidate. */
export const THIRD_PARTY = fileURLToPath(new URL("../../../protocol/third_party", import.meta.url));

/** Builds a file of descriptors with the real buf, from folders that imports start from. */
export function bufBuild(folders: readonly string[], output: string, ...flags: readonly string[]): void {
  // buf wants the folders of a workspace below the one in which it runs.
  const cwd = commonFolder(folders);
  const modules = folders.map((folder) => ({ path: relative(cwd, folder) || "." }));
  const args = [BUF, "build", "--config", JSON.stringify({ version: "v2", modules }), "-o", output, ...flags];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd });
  if (status !== 0) throw new Error(`buf build: ${stderr.toString()}`);
}

function commonFolder(folders: readonly string[]): string {
  const [first = "", ...others] = folders;
  const parts = first.split("/");
  while (others.some((folder) => !`${folder}/`.startsWith(`${parts.join("/")}/`))) parts.pop();
  return parts.join("/");
}
