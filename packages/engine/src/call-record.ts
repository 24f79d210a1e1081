import type { CallFailure } from "./call.ts";
import type { CallComparison, CallEnd } from "./comparison.ts";
import type { JsonObject } from "./json.ts";
import type { Target } from "./target.ts";

/** One call of a target within a run. */
export interface CallRecord<S> {
  readonly target: Target;
  /** When it began, by the clock of the run. */
  readonly beganMs: number;
  /** What it was to be sent. */
  readonly payload: JsonObject;
  /** The same as JSON, where the caller has made it. */
  readonly sent?: Uint8Array | undefined;
  /** The body of a 2xx reply that was read whole. */
  readonly reply?: string | undefined;
  /** What its reply made of the subject, where it was applied. */
  readonly changedTo?: S | undefined;
  /** `none`: it watched. `changed`: its reply was applied. `started`: it is not waited for. `ignored`, `refused`: it failed, and what followed. `shadow`: it is called beside the run. */
  readonly effect: CallEnd["effect"] | "shadow";
  readonly failure?: CallFailure | undefined;
  /** HTTP status, where there was one. */
  readonly status?: number | undefined;
  readonly durationMs?: number | undefined;
  /** More about a failure, for operators. */
  readonly detail?: string | undefined;
  /** Of a shadow: the target that it is compared with, which is called at the same time. Absent: there is none before it, and it is compared with the subject as it came. */
  readonly beside?: Target | undefined;
  /** Of what is not waited for, `started` and `shadow`: what comes of it. Never rejects. */
  readonly late?: Promise<LateEnd<S>> | undefined;
}

/** How a call ended that its run did not wait for. */
export interface LateEnd<S> {
  /** HTTP status, where there was one. */
  readonly status?: number | undefined;
  readonly durationMs: number;
  /** The body of a 2xx reply that was read whole. */
  readonly reply?: string | undefined;
  readonly failure?: CallFailure | undefined;
  /** More about a failure, for operators. */
  readonly detail?: string | undefined;
  /** Of a shadow: what would have become of the subject, had it been called in earnest. Absent: nothing, for it would have been refused. */
  readonly changedTo?: S | undefined;
  /** Of a shadow: what would have followed, had it been called in earnest, and how that differs. Absent: there is nothing to compare with, since the run broke off. */
  readonly comparison?: (CallComparison & { readonly effect: CallEnd["effect"] }) | undefined;
}
