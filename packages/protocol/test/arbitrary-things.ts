import { fromJson, type JsonValue, type Message } from "@bufbuild/protobuf";
import fc from "fast-check";
import { registry, Thing } from "./things.ts";

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 6 }),
  fc.constantFrom(
    "a/b",
    "a%2Fb",
    "a:b",
    "x:copy",
    "shelves/1/things/2",
    "files/a/b",
    "a b+c&d=e",
    "é",
    "100%",
    ".",
    "..",
  ),
);
const wholeNumber = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const natural = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const bytes = fc.uint8Array({ maxLength: 5 }).map((each) => Buffer.from(each).toString("base64"));
const time = fc
  .date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
  .map((each) => each.toISOString());
const length = fc.integer({ min: -1000, max: 1000 }).map((each) => `${each}s`);
const color = fc.constantFrom("COLOR_RED", 7, "COLOR_UNSPECIFIED");
// JSON as JavaScript writes it knows no negative zero.
const plainZero = (number: number): number => (number === 0 ? 0 : number);
const floating = fc
  .oneof(fc.double(), fc.constantFrom(1e21, 5e-324))
  .map((each) => (Number.isFinite(each) ? plainZero(each) : String(each)));

const { inner } = fc.letrec<{ inner: object }>((tie) => ({
  inner: fc.record({ label: text, count: wholeNumber, deeper: tie("inner") }, { requiredKeys: [] }),
}));

const sayable = {
  name: text,
  text,
  flag: fc.boolean(),
  int32: wholeNumber,
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  uint32: natural,
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
  single: fc.float({ noNaN: true, noDefaultInfinity: true }).map(plainZero),
  number: floating,
  data: bytes,
  color,
  inner,
  texts: fc.array(text, { maxLength: 3 }),
  colors: fc.array(color, { maxLength: 3 }),
  time,
  length,
  mask: fc.constantFrom("", "a", "a.b,c"),
  maybe: fc.constantFrom("0", "5"),
  perhaps: text,
  secret: text,
  times: fc.array(time, { maxLength: 2 }),
  wrapped: text,
  datas: fc.array(bytes, { maxLength: 2 }),
};
const json = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);
const others = {
  inners: fc.array(inner, { maxLength: 4 }),
  counts: fc.dictionary(text, wholeNumber, { maxKeys: 3 }),
  anything: fc.dictionary(text, json, { maxKeys: 3 }),
  anyValue: json,
  byNumber: fc.dictionary(wholeNumber.map(String), inner, { maxKeys: 3 }),
  packed: fc.record({ "@type": fc.constant("type.googleapis.com/things.v1.Inner"), label: text }),
};

/** Things of these fields, and with at most one member of the oneof. */
function things(fields: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<Message> {
  const choice = fc.constantFrom("one", "other", undefined).chain((member): fc.Arbitrary<object> => {
    if (member === undefined) return fc.constant({});
    return member === "one" ? text.map((one) => ({ one })) : inner.map((other) => ({ other }));
  });
  return fc
    .tuple(fc.record(fields, { requiredKeys: [] }), choice)
    .map(([some, one]) => fromJson(Thing, { ...some, ...one } as JsonValue, { registry }));
}

/** Things of which a query can say everything. */
export const sayableThing = things(sayable);
/** Things with whatever they can hold. */
export const anyThing = things({ ...sayable, ...others });
