import assert from "node:assert/strict";
import type { JsonAnswer } from "./server.ts";

/** What a refusal over REST must say. */
export interface ExpectedRefusal {
  readonly status: number;
  /** gRPC's number of the code. */
  readonly code: number;
  /** The stable reason of `google.rpc.ErrorInfo`. */
  readonly reason: string;
  /** The contract's id, which also ends the text. Not given: there must be none. */
  readonly id?: string;
  readonly says: RegExp;
}

/** One field that `google.rpc.BadRequest` names. */
export interface FieldViolation {
  readonly field?: string;
  readonly description: string;
}

/** Checks the status, the code, the text and the details of a refusal over REST. */
export function assertRefused(answer: JsonAnswer, { status, code, reason, id, says }: ExpectedRefusal): void {
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  assert.equal(answer.body.code, code);
  assert.match(answer.body.message, says);
  assert.equal(detailOf(answer, "google.rpc.ErrorInfo")?.reason, reason);
  assert.equal(detailOf(answer, "zitadel.v1.ErrorDetail")?.id, id);
  if (id !== undefined) assert.ok(answer.body.message.endsWith(` (${id})`), answer.body.message);
}

/** A field that must be named as wrong, and what its description must contain: the rule, what was given. */
export type ExpectedViolation = readonly [field: string, ...parts: string[]];

/** Checks that a request was refused because it breaks rules of the schema, naming exactly these fields. The text begins with the first. */
export function assertInvalid(answer: JsonAnswer, expected: readonly ExpectedViolation[]): void {
  assertRefused(answer, { status: 400, code: 3, reason: "VALIDATION_FAILED", says: /./ });
  const found = violationsOf(answer);
  assert.deepEqual(
    found.map(({ field }) => field),
    expected.map(([field]) => field),
  );
  for (const [i, [, ...parts]] of expected.entries()) {
    const description = found[i]?.description ?? "";
    for (const part of parts) assert.ok(description.includes(part), `"${part}" in "${description}"`);
  }
  const [first] = found;
  assert.ok(answer.body.message.startsWith(`${first?.field}: ${first?.description}.`), answer.body.message);
}

/** The fields that a refusal names as wrong; none where it names none. */
export function violationsOf(answer: JsonAnswer): readonly FieldViolation[] {
  return detailOf(answer, "google.rpc.BadRequest")?.fieldViolations ?? [];
}

/** The facts that a refusal carries for programs. */
export function metadataOf(answer: JsonAnswer): Readonly<Record<string, string>> {
  return detailOf(answer, "google.rpc.ErrorInfo")?.metadata ?? {};
}

function detailOf({ body }: JsonAnswer, type: string): any {
  const details: readonly { readonly "@type": string }[] = body.details ?? [];
  return details.find((each) => each["@type"] === `type.googleapis.com/${type}`);
}
