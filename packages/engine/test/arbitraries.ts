import fc from "fast-check";
import { validateCondition, type Condition } from "../src/condition.ts";
import type { Target } from "../src/target.ts";

/** A name out of few, so that conditions meet. */
const name = fc.constantFrom(
  "a",
  "b",
  "user",
  "user.human",
  "user.human.added",
  "acme.v1.Users",
  "with space",
  "ünïcode",
  "*",
  ".",
);
const anyName = fc.oneof(name, fc.string({ minLength: 1, maxLength: 12 }));

/** Any condition that can be. */
export const anyCondition: fc.Arbitrary<Condition> = fc
  .oneof(
    fc.record({
      kind: fc.constantFrom("request" as const, "response" as const),
      scope: fc.oneof(
        fc.record({ kind: fc.constant("method" as const), service: anyName, method: anyName }),
        fc.record({ kind: fc.constant("service" as const), service: anyName }),
        fc.record({ kind: fc.constant("all" as const) }),
      ),
    }),
    fc.record({ kind: fc.constant("function" as const), name: anyName }),
    fc.record({
      kind: fc.constant("event" as const),
      match: fc.oneof(
        fc.record({ kind: fc.constant("type" as const), type: anyName }),
        fc.record({ kind: fc.constant("group" as const), group: anyName }),
        fc.record({ kind: fc.constant("all" as const) }),
      ),
    }),
  )
  .map((condition) => JSON.parse(JSON.stringify(condition)) as Condition)
  .filter((condition) => validateCondition(condition) === undefined);

/** A target with nothing special about it but what is given. */
export function target(given: Partial<Target> & { readonly id: string }): Target {
  return {
    name: `target ${given.id}`,
    type: "webhook",
    endpoint: "https://example.com/",
    timeoutMs: 1_000,
    interruptOnError: true,
    dialect: "v3alpha",
    ...given,
  };
}
