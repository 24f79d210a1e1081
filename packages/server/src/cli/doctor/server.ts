import { readFile } from "node:fs/promises";
import { request as requestHttp, type IncomingMessage } from "node:http";
import { request as requestHttps, type RequestOptions } from "node:https";
import type { ReadSettings } from "../../config/index.ts";
import { VERSION } from "../../version.ts";
import type { Check, Surroundings } from "./check.ts";
import { ok, problem, skipped, warning, type Finding } from "./finding.ts";
import { reasonOf, spanOf } from "./words.ts";

/** For each page. */
const PAGE_MS = 4_000;
/** The document that tells the version is far smaller. */
const MOST_BYTES = 16 * 1024 * 1024;
/** The header `Date` has whole seconds, and the way takes its time. */
const CLOCK_SEEN_MS = 5_000;

/** What a server says of itself: whether it is up and ready, its version and its clock. */
export const server: Check = { name: "server", needs: "nothing", timeoutMs: 10_000, run: serverFindings };

async function serverFindings({ url, signal, readSettings }: Surroundings): Promise<readonly Finding[]> {
  const place = url === undefined ? await placeOf(readSettings()) : { url, tls: {} };
  if (!place) return [skipped("No URL was given, and the settings do not say where a server would be.")];
  let page: Page;
  try {
    page = await get(place, "/healthz", signal);
  } catch (error) {
    const reason = reasonOf(error);
    if (url === undefined)
      return [skipped(`No server answers at ${place.url}: ${reason}. With --url another is asked.`)];
    return [
      problem(
        `The server at ${place.url} cannot be reached: ${reason}.`,
        "Is it running, and is --url or INTERPOSE_URL right?",
      ),
    ];
  }
  if (page.status !== 200 || statusIn(page.body) !== "up")
    return [
      problem(
        `What answers at ${place.url} is no Interpose: /healthz has the status ${page.status}.`,
        "Is --url or INTERPOSE_URL right?",
      ),
    ];
  const clock = page.dateMs === undefined ? [] : serverClock(page.dateMs - page.askedAt);
  const [ready, version] = await Promise.all([
    get(place, "/readyz", signal).then(readiness, (error: unknown) => problem(`/readyz: ${reasonOf(error)}.`)),
    get(place, "/openapi.json", signal).then(versionFinding, (error: unknown) =>
      problem(`/openapi.json: ${reasonOf(error)}.`),
    ),
  ]);
  return [ok(`A server answers at ${place.url}.`), ready, version, ...clock];
}

interface Place {
  readonly url: string;
  readonly tls: RequestOptions;
}

/** Where a server with these settings listens. Its own certificate is what it is trusted by there, whatever name that is for: no token is sent. */
async function placeOf({ settings: { host, port, tls } }: ReadSettings): Promise<Place | undefined> {
  if (port === 0) return undefined;
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  const authority = `${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
  if (!tls) return { url: `http://${authority}`, tls: {} };
  const ca = await readFile(tls.cert).catch(() => undefined);
  const trust = ca && { ca, allowPartialTrustChain: true, checkServerIdentity: () => undefined };
  return { url: `https://${authority}`, tls: trust ?? {} };
}

interface Page {
  readonly status: number;
  readonly body: unknown;
  /** The server's clock, and this machine's in the middle of the request, in milliseconds since 1970. */
  readonly dateMs: number | undefined;
  readonly askedAt: number;
}

async function get({ url, tls }: Place, path: string, signal: AbortSignal): Promise<Page> {
  const begin = Date.now();
  const target = new URL(path, url);
  const options = { ...tls, agent: false, signal: AbortSignal.any([signal, AbortSignal.timeout(PAGE_MS)]) };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const send = target.protocol === "https:" ? requestHttps : requestHttp;
    send(target, options, resolve).on("error", reject).end();
  });
  const askedAt = (begin + Date.now()) / 2;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > MOST_BYTES) throw new Error("the answer is too long");
    chunks.push(chunk);
  }
  const date = Date.parse(response.headers.date ?? "");
  return {
    status: response.statusCode ?? 0,
    body: jsonOf(Buffer.concat(chunks).toString()),
    // Cut to whole seconds: half of one is the best guess.
    dateMs: Number.isNaN(date) ? undefined : date + 500,
    askedAt,
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function statusIn(body: unknown): unknown {
  return (body as { readonly status?: unknown } | null | undefined)?.status;
}

function readiness({ status, body }: Page): Finding {
  if (status === 200) return ok("It is ready.");
  const reason = (body as { readonly reason?: unknown } | null | undefined)?.reason;
  const why = typeof reason === "string" ? reason.replace(/\s+/g, " ").slice(0, 200) : `status ${status}`;
  return problem(`It is not ready: ${why}.`, "See its log, and the checks of the database above.");
}

function versionFinding({ body }: Page): Finding {
  const given = (body as { readonly info?: { readonly version?: unknown } } | null | undefined)?.info?.version;
  if (given === VERSION) return ok(`It has this program's version, ${VERSION}.`);
  const text = typeof given === "string" ? `It has the version ${given.slice(0, 50)}` : "It does not tell its version";
  return warning(`${text}; this program has ${VERSION}.`, "Use the command line of the server's version.");
}

/** Whether a server's clock agrees with this machine's. `differenceMs`: by how much it is ahead. */
export function serverClock(differenceMs: number): readonly Finding[] {
  const ms = Math.abs(differenceMs);
  if (ms < CLOCK_SEEN_MS) return [ok("Its clock agrees with this machine's.")];
  const text = `Its clock is ${spanOf(ms)} ${differenceMs > 0 ? "ahead of" : "behind"} this machine's.`;
  return [warning(text, "Let both follow the same time server (NTP).")];
}
