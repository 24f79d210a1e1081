import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Answer, NodeRequest } from "../listener/exchange.ts";
import { readConsoleFiles, type Coding, type ConsoleFile } from "./files.ts";
import { securityHeaders } from "./security-headers.ts";

/** How one signs in to the console, beside tokens. */
export interface ConsoleSignIn {
  readonly oidc?: {
    readonly issuer: string;
    readonly clientId: string;
    readonly scopes: readonly string[];
    readonly resource?: string | undefined;
    /** Further origins of the issuer that the browser speaks to, such as that of its token endpoint. */
    readonly origins: readonly string[];
  };
}

/** Answers the console's paths: those that are none of them are undefined. */
export type AnswerConsole = (path: string, request: NodeRequest) => (() => Promise<Answer>) | undefined;

/** Below this stand the console's files, and its pages: those of the API can never collide with them. */
const BASE = "/console/";
/** Files there have a hash of their content in their names, and never change. */
const HASHED = "assets/";
/** In a published package, and in a checkout. */
const BUILT = ["../console-files/", "../../../console/dist/"].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/**
 * Serves the console: its one page at "/" and at every path below /console/, where the page itself finds its way; its files; and what signing in there is. Nobody
 * needs to be known for it: it holds nothing that is not in the published package, and all that it shows comes from the API.
 */
export function createConsole(signIn: ConsoleSignIn, folder = BUILT.find((each) => existsSync(each))): AnswerConsole {
  const files = folder === undefined ? undefined : readConsoleFiles(folder);
  const headers = securityHeaders(signIn.oidc ? [signIn.oidc.issuer, ...signIn.oidc.origins] : []);
  const config = JSON.stringify(configOf(signIn));
  return (path, request) => {
    if (path === "/console-config.json")
      return () =>
        Promise.resolve({
          status: 200,
          headers: { ...headers, "content-type": "application/json", "cache-control": "no-store" },
          body: config,
        });
    const below =
      path === "/" || path === "/console" ? "" : path.startsWith(BASE) ? path.slice(BASE.length) : undefined;
    if (below === undefined) return undefined;
    if (!files) return () => Promise.resolve(notBuilt(headers));
    const file = files.get(below) ?? (below.startsWith(HASHED) ? undefined : files.get("index.html"));
    if (!file)
      return () =>
        Promise.resolve(text(404, headers, "There is no such file. Reload the page: the console was updated.\n"));
    const cacheControl = below.startsWith(HASHED) ? "public, max-age=31536000, immutable" : "no-cache";
    return () => fileAnswer(file, request, { ...headers, "cache-control": cacheControl });
  };
}

/** A file, compressed as the browser likes it; without its body where the browser has it already. */
async function fileAnswer(
  { contentType, etag, body, compressed }: ConsoleFile,
  request: NodeRequest,
  headers: Answer["headers"],
): Promise<Answer> {
  const common = { ...headers, etag, vary: "accept-encoding" };
  if ((request.headers["if-none-match"] ?? "").includes(etag)) return { status: 304, headers: common };
  const coding = compressed && codingFor(request.headers["accept-encoding"] ?? "");
  return {
    status: 200,
    headers: { ...common, "content-type": contentType, ...(coding && { "content-encoding": coding }) },
    body: compressed && coding ? await compressed(coding) : body,
  };
}

/** The coding to use, by accept-encoding (RFC 9110, section 12.5.3). Browsers give no weights; what is weighted with 0 is not wanted. */
export function codingFor(acceptEncoding: string): Coding | undefined {
  const wanted = acceptEncoding
    .split(",")
    .filter((each) => !/;\s*q=0(\.0*)?\s*$/.test(each))
    .map((each) => each.split(";")[0]?.trim().toLowerCase());
  return wanted.includes("br") ? "br" : wanted.includes("gzip") ? "gzip" : undefined;
}

function configOf({ oidc }: ConsoleSignIn): object {
  if (!oidc) return {};
  const { issuer, clientId, scopes, resource } = oidc;
  return { oidc: { issuer, clientId, scopes, ...(resource !== undefined && { resource }) } };
}

function notBuilt(headers: Answer["headers"]): Answer {
  return text(
    503,
    headers,
    "The console is not built: run `npm run console:build` in the checkout, and start the server again.\n",
  );
}

function text(status: number, headers: Answer["headers"], body: string): Answer {
  return {
    status,
    headers: { ...headers, "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
    body,
  };
}
