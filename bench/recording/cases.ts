/** What the called target answers: nothing, or a change of the message. */
export const CASES = { watched: "its target changes nothing", changed: "its target changes the message" } as const;

/** Name of one of them. */
export type Case = keyof typeof CASES;

/** Paths of the methods that are called: each is hooked with the target of its case. */
export const PATHS: Readonly<Record<Case, string>> = {
  watched: "/bench.v1.Bench/Plain",
  changed: "/bench.v1.Bench/Hooked",
};

/** A text as a client may send it: with the envelope, a payload of half a KiB. */
export const TEXT = "what is asked, ".repeat(8);
