import assert from "node:assert/strict";
import { assertRefused, violationsOf, type ExpectedRefusal } from "./refusals.ts";
import type { JsonAnswer } from "./server.ts";

/** The types of details that errors carry. */
const KNOWN = ["zitadel.v1.ErrorDetail", "google.rpc.BadRequest", "google.rpc.ErrorInfo"];

/** Fails unless an answer is JSON that is a google.rpc.Status and nothing else, with details that say their types. */
export function assertStatus({ headers, body }: JsonAnswer): void {
  assert.equal(headers.get("content-type"), "application/json");
  assert.equal(typeof body, "object", `not a status: ${JSON.stringify(body)}`);
  assert.deepEqual(Object.keys(body).sort(), ["code", "details", "message"]);
  assert.ok(Number.isInteger(body.code) && body.code >= 1 && body.code <= 16, `code ${body.code}`);
  assert.ok(typeof body.message === "string" && body.message !== "", "the message is a text");
  for (const { "@type": type } of body.details) {
    assert.ok(KNOWN.includes(String(type).replace(/^type\.googleapis\.com\//, "")), `a detail of type ${type}`);
  }
}

/** Fails unless an answer over REST is the expected refusal. `field`: the one field that it names; not given: it names none. */
export function assertRefusal(
  answer: JsonAnswer,
  { field, ...expected }: ExpectedRefusal & { readonly field?: string | undefined },
): void {
  assertRefused(answer, expected);
  assertStatus(answer);
  const named = violationsOf(answer);
  assert.deepEqual(
    named.map((each) => each.field ?? ""),
    field === undefined ? [] : [field],
  );
  for (const { description } of named) assert.notEqual(description, "");
}
