import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from "node:crypto";

/** One run among those that led to a call. */
export interface RunLink {
  readonly runId: string;
  /** The execution that was carried out. */
  readonly executionId: string;
}

/** Which runs led to a run, and that run itself as the last one. */
export interface RunChain {
  /** How many there are: 1 for a run that no other led to. */
  readonly depth: number;
  /** The latest of them, in their order. Old ones may be left out, so that a chain stays short. */
  readonly links: readonly RunLink[];
}

/** Goes on with chains of runs, and proves them. */
export interface RunChains {
  /**
   * The chain with one run more. `header` is what a call came with, and is worth nothing unless it was signed here not long ago: what is forged, too
   * long, too old or of somebody else begins a new chain.
   */
  next(header: string | undefined, link: RunLink): RunChain;
  /** How many runs led to a call with this header: 0 where it proves none. */
  depthOf(header: string | undefined): number;
  /** A chain as targets are sent it, and send it back. */
  sign(chain: RunChain): string;
}

/** Longest header that is looked at, in characters. */
const LONGEST_HEADER = 2_048;
/** Longest text of all links together that is signed: what stands around it has less than 80 characters. */
const LONGEST_LINKS = 1_900;
/** An execution's id is shown as far as this. */
const LONGEST_ID = 200;
/** How long a chain is believed. What a target does in answer to a call long after that is no circle that could hurt. */
const LIFETIME_SECONDS = 3_600;
/** Depth, the second since 1970 at which it ends, the proof, and the links. */
const FORM = /^(\d{1,6})\.(\d{1,12})\.([\w-]{43})\.([\w.~!*'()%/:,-]*)$/;

/** Chains that are proven by HMAC-SHA-256 with a key that only servers of one instance have. `now` is in milliseconds since 1970. */
export function createRunChains(key: Uint8Array, now: () => number): RunChains {
  const secret = createSecretKey(key);
  const read = (header: string | undefined): RunChain | undefined =>
    header === undefined ? undefined : chainFrom(header, secret, now() / 1000);
  return {
    depthOf: (header) => read(header)?.depth ?? 0,
    next(header, link) {
      const before = read(header);
      return { depth: (before?.depth ?? 0) + 1, links: [...(before?.links ?? []), link] };
    },
    sign({ depth, links }) {
      const expiry = Math.ceil(now() / 1000) + LIFETIME_SECONDS;
      const text = formatLinks(links);
      return `${depth}.${expiry}.${proofOf(depth, expiry, text, secret)}.${text}`;
    },
  };
}

function chainFrom(header: string, secret: KeyObject, nowSeconds: number): RunChain | undefined {
  if (header.length > LONGEST_HEADER) return undefined;
  const [, depth = "", expiry = "", proof = "", text = ""] = FORM.exec(header) ?? [];
  if (proof === "") return undefined;
  // Both have as many characters: FORM says how many a proof has.
  const isProven = timingSafeEqual(Buffer.from(proof), Buffer.from(proofOf(depth, expiry, text, secret)));
  if (!isProven || Number(expiry) <= nowSeconds) return undefined;
  return { depth: Number(depth), links: parseLinks(text) };
}

/** 43 characters. */
function proofOf(depth: string | number, expiry: string | number, links: string, secret: KeyObject): string {
  return createHmac("sha256", secret).update(`${depth}.${expiry}.${links}`).digest("base64url");
}

/** Links as the text of a header, without the oldest where they are too long together. */
function formatLinks(links: readonly RunLink[]): string {
  const texts = links.map(({ runId, executionId }) => `${escaped(runId)}:${escaped(executionId.slice(0, LONGEST_ID))}`);
  let size = texts.reduce((sum, { length }) => sum + length + 1, 0);
  while (size > LONGEST_LINKS && texts.length > 0) size -= (texts.shift() ?? "").length + 1;
  return texts.join(",");
}

/** Of which ids have nothing else, mostly. */
const NOTHING_TO_ESCAPE = /^[\w.~!*'()/-]*$/;

function escaped(text: string): string {
  if (NOTHING_TO_ESCAPE.test(text)) return text;
  return encodeURIComponent(text.toWellFormed()).replaceAll("%2F", "/");
}

/** Only of a text that was signed, which `formatLinks` has made. */
function parseLinks(text: string): readonly RunLink[] {
  if (text === "") return [];
  return text.split(",").map((link) => {
    const [runId = "", executionId = ""] = link.split(":").map(decodeURIComponent);
    return { runId, executionId };
  });
}
