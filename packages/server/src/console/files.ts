import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

/** One file of the console's build, ready to be sent. */
export interface ConsoleFile {
  readonly contentType: string;
  /** By its content (RFC 9110, section 8.8.3). */
  readonly etag: string;
  readonly body: Buffer;
  /** Compressed when it is first asked for. Undefined for files that are compressed already. */
  readonly compressed: ((coding: Coding) => Promise<Buffer>) | undefined;
}

/** What browsers let a file be compressed with. */
export type Coding = "br" | "gzip";

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".png": "image/png",
  ".woff2": "font/woff2",
};
const COMPRESSED_ALREADY: ReadonlySet<string> = new Set([".png", ".woff2"]);

/** More makes the largest file 8 % smaller, and its first reader wait for seconds. */
const BROTLI_QUALITY = 6;

const compress = {
  br: (body: Buffer) =>
    promisify(brotliCompress)(body, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: body.byteLength,
      },
    }),
  gzip: (body: Buffer) => promisify(gzip)(body),
};

/**
 * Reads the build of the console: its files, by their paths below the folder, such as `assets/index-1a2b.js`. Undefined where it was not built. They stay
 * in memory, some hundred kilobytes, so that a build meanwhile changes nothing for a server that runs.
 */
export function readConsoleFiles(folder: string): ReadonlyMap<string, ConsoleFile> | undefined {
  const files = new Map<string, ConsoleFile>();
  try {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
        .slice(folder.length)
        .replace(/^[\\/]/, "")
        .replaceAll("\\", "/");
      // What begins with a dot is the build's own record.
      if (entry.isFile() && !path.startsWith(".")) files.set(path, consoleFile(join(folder, path)));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  return files.has("index.html") ? files : undefined;
}

function consoleFile(path: string): ConsoleFile {
  const extension = extname(path);
  const body = readFileSync(path);
  const made = new Map<Coding, Promise<Buffer>>();
  return {
    contentType: CONTENT_TYPES[extension] ?? "application/octet-stream",
    etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`,
    body,
    compressed: COMPRESSED_ALREADY.has(extension)
      ? undefined
      : (coding) => {
          const before = made.get(coding);
          if (before) return before;
          const now = compress[coding](body);
          made.set(coding, now);
          return now;
        },
  };
}
