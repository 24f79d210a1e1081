// The examples of RFC 7541, appendix C.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createHpackDecoder } from "./index.ts";
import { readIntegerRest, writeInteger } from "./integers.ts";
import { sizeOf, tableOf } from "./test/table-of.ts";

interface Step {
  readonly block: string;
  readonly gives: readonly string[];
  readonly neverIndexed?: string;
  /** The dynamic table afterwards, from the newest field. */
  readonly table: readonly string[];
  readonly tableSize: number;
}

function check(maxTableSize: number, steps: readonly Step[]): void {
  const decoder = createHpackDecoder({ maxTableSize, maxListSize: 4096 });
  for (const { block, gives, neverIndexed, table, tableSize } of steps) {
    const bytes = Buffer.from(block.replace(/\s/g, ""), "hex");
    assert.deepEqual(decoder.decode(bytes, 0, bytes.byteLength), {
      fields: gives,
      neverIndexed: neverIndexed === undefined ? undefined : new Set([neverIndexed]),
    });
    assert.deepEqual(tableOf(decoder), table);
    assert.equal(sizeOf(tableOf(decoder)), tableSize);
  }
}

describe("integers of RFC 7541, appendix C.1", () => {
  const cases = [
    { section: "C.1.1", value: 10, mask: 0x1f, bytes: [0b01010] },
    { section: "C.1.2", value: 1337, mask: 0x1f, bytes: [0b11111, 0b10011010, 0b00001010] },
    { section: "C.1.3", value: 42, mask: 0xff, bytes: [0b00101010] },
  ];
  for (const { section, value, mask, bytes } of cases) {
    it(`${section} is written and read: ${value} with a prefix of ${Math.log2(mask + 1)} bits`, () => {
      const out = Buffer.alloc(8);
      const end = writeInteger(out, 0, 0, mask, value);
      assert.deepEqual([...out.subarray(0, end)], bytes);
      const first = out[0] ?? 0;
      const cursor = { at: 1 };
      assert.equal(first < mask ? first : readIntegerRest(out, cursor, end, mask), value);
      assert.equal(cursor.at, end);
    });
  }
});

describe("header fields of RFC 7541, appendix C.2", () => {
  const cases: readonly (Step & { title: string })[] = [
    {
      title: "C.2.1: a literal field with indexing",
      block: "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
      gives: ["custom-key", "custom-header"],
      table: ["custom-key", "custom-header"],
      tableSize: 55,
    },
    {
      title: "C.2.2: a literal field without indexing",
      block: "040c 2f73 616d 706c 652f 7061 7468",
      gives: [":path", "/sample/path"],
      table: [],
      tableSize: 0,
    },
    {
      title: "C.2.3: a literal field that is never indexed",
      block: "1008 7061 7373 776f 7264 0673 6563 7265 74",
      gives: ["password", "secret"],
      neverIndexed: "password",
      table: [],
      tableSize: 0,
    },
    { title: "C.2.4: an indexed field", block: "82", gives: [":method", "GET"], table: [], tableSize: 0 },
  ];
  for (const { title, ...step } of cases) it(title, () => check(4096, [step]));
});

describe("lists of RFC 7541, appendix C.3 to C.6", () => {
  const get = (scheme: string, path: string, ...more: readonly string[]) => [
    ...[":method", "GET", ":scheme", scheme, ":path", path, ":authority", "www.example.com"],
    ...more,
  ];
  const requests: readonly Omit<Step, "block">[] = [
    { gives: get("http", "/"), table: [":authority", "www.example.com"], tableSize: 57 },
    {
      gives: get("http", "/", "cache-control", "no-cache"),
      table: ["cache-control", "no-cache", ":authority", "www.example.com"],
      tableSize: 110,
    },
    {
      gives: get("https", "/index.html", "custom-key", "custom-value"),
      table: ["custom-key", "custom-value", "cache-control", "no-cache", ":authority", "www.example.com"],
      tableSize: 164,
    },
  ];

  const date = (second: number) => ["date", `Mon, 21 Oct 2013 20:13:${second} GMT`];
  const location = ["location", "https://www.example.com"];
  const isPrivate = ["cache-control", "private"];
  const encoding = ["content-encoding", "gzip"];
  const cookie = ["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"];
  const responses: readonly Omit<Step, "block">[] = [
    {
      gives: [":status", "302", ...isPrivate, ...date(21), ...location],
      table: [...location, ...date(21), ...isPrivate, ":status", "302"],
      tableSize: 222,
    },
    {
      gives: [":status", "307", ...isPrivate, ...date(21), ...location],
      table: [":status", "307", ...location, ...date(21), ...isPrivate],
      tableSize: 222,
    },
    {
      gives: [":status", "200", ...isPrivate, ...date(22), ...location, ...encoding, ...cookie],
      table: [...cookie, ...encoding, ...date(22)],
      tableSize: 215,
    },
  ];

  const cases = [
    {
      title: "C.3: requests",
      maxTableSize: 4096,
      steps: requests,
      blocks: [
        "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "8286 84be 5808 6e6f 2d63 6163 6865",
        "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
      ],
    },
    {
      title: "C.4: requests, Huffman encoded",
      maxTableSize: 4096,
      steps: requests,
      blocks: [
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
        "8286 84be 5886 a8eb 1064 9cbf",
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
      ],
    },
    {
      title: "C.5: responses, with a table of 256 bytes",
      maxTableSize: 256,
      steps: responses,
      blocks: [
        `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133
         2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
        "4803 3330 37c1 c0bf",
        `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d
         54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049
         5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31`,
      ],
    },
    {
      title: "C.6: responses, Huffman encoded, with a table of 256 bytes",
      maxTableSize: 256,
      steps: responses,
      blocks: [
        `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6
         2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3`,
        "4883 640e ffc1 c0bf",
        `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab
         77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f
         9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
      ],
    },
  ];
  for (const { title, maxTableSize, steps, blocks } of cases) {
    it(title, () =>
      check(
        maxTableSize,
        steps.map((step, i) => ({ ...step, block: blocks[i] ?? "" })),
      ),
    );
  }
});
