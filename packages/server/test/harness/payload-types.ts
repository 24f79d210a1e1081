import assert from "node:assert/strict";
import type { PayloadType } from "@interpose/engine";

const TYPES: readonly PayloadType[] = ["json", "jwt", "jwe"];
const { INTERPOSE_TEST_PAYLOAD: only } = process.env;
const used = only === undefined ? TYPES : TYPES.filter((type) => type === only);
assert.ok(used.length > 0, `INTERPOSE_TEST_PAYLOAD is "${only}", and must be one of ${TYPES.join(", ")}`);

/**
 * The payload type of a target, by the place of its case among others: cases that follow each other meet one after the other of them, without being run thrice. Place 0 has JSON, as
 * targets have it that nobody gave another type. `INTERPOSE_TEST_PAYLOAD` names the one that all targets have in its place.
 */
export function payloadTypeOf(place: number): PayloadType {
  return used[place % used.length] ?? "json";
}
