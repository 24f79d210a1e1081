import type { JsonObject } from "./json.ts";
import type { Target } from "./target.ts";

/** What a run is about: what each of its targets is told, and what a reply makes of it. A value; a reply makes another one. */
export interface Subject<Self> {
  /** What it is in texts for people, and by whose rules its errors are told. */
  readonly kind: "message" | "function";
  /** What a target is sent. */
  payloadFor(target: Target): JsonObject;
  /** What the reply of a call target makes of it; undefined where there is nothing that a reply could change. Throws MessageMismatch when it does not fit. */
  repliedBy(target: Target, reply: JsonObject): Self | undefined;
}
