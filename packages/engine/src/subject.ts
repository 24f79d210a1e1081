import type { JsonObject } from "./json.ts";
import type { Target } from "./target.ts";

/** What the record of runs needs of what a run is about. Nothing of what targets are not shown comes out of it. */
export interface Recordable {
  /** What it is now, spelled as for this target. */
  stateFor(target: Target): JsonObject;
  /** A reply about it, without what targets are not shown. Undefined: something is hidden, and whether the reply tells of it cannot be said. */
  recordable(reply: string): string | undefined;
}

/** What a run is about: what each of its targets is told, and what a reply makes of it. A value; a reply makes another one. */
export interface Subject<Self> extends Recordable {
  /** What it is in texts for people, and by whose rules its errors are told. */
  readonly kind: "message" | "function";
  /** What a target is sent. */
  payloadFor(target: Target): JsonObject;
  /** What the reply of a call target makes of it; undefined where there is nothing that a reply could change. Throws MessageMismatch when it does not fit. */
  repliedBy(target: Target, reply: JsonObject): Self | undefined;
}
