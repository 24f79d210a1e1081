import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ByteWriter, createHpackDecoder, createHpackEncoder } from "./index.ts";
import { decode } from "./test/blocks.ts";
import { encode, newPair } from "./test/pair.ts";
import { tableOf } from "./test/table-of.ts";

describe("the encoder indexes what repeats", () => {
  const cases: readonly {
    title: string;
    lists: readonly (readonly string[])[];
    sends: readonly (readonly string[])[];
  }[] = [
    {
      title: "fields of the static table are sent by their index",
      lists: [
        [":method", "POST", ":scheme", "http", ":path", "/", ":status", "404", "accept-encoding", "gzip, deflate"],
      ],
      sends: [["index 3", "index 6", "index 4", "index 13", "index 16"]],
    },
    {
      title: "a name that the peer does not know is indexed at once, with its value",
      lists: [
        ["te", "trailers"],
        ["te", "trailers"],
      ],
      sends: [["add"], ["index 62"]],
    },
    {
      title: "a field with a known name is indexed when it comes a second time",
      lists: [
        [":path", "/a.b/C"],
        [":path", "/a.b/C"],
        [":path", "/a.b/C"],
      ],
      sends: [["plain 4"], ["add 4"], ["index 62"]],
    },
    {
      title: "also where others come in between",
      lists: [
        [":path", "/1"],
        [":path", "/2"],
        [":path", "/1"],
        [":path", "/2"],
        [":path", "/1"],
        [":path", "/2"],
      ],
      sends: [["plain 4"], ["plain 4"], ["add 4"], ["add 4"], ["index 63"], ["index 62"]],
    },
    {
      title: "also at other places in lists of other lengths",
      lists: [
        ["te", "1"],
        [":method", "GET", "te", "1"],
        ["te", "1", ":method", "GET"],
        ["te", "1", "te", "1", "te", "1"],
      ],
      sends: [["add"], ["index 2", "index 62"], ["index 62", "index 2"], ["index 62", "index 62", "index 62"]],
    },
    {
      title: "a value that differs each time refers to its name, and pushes nothing out",
      lists: [
        ["grpc-timeout", "1001u"],
        ["grpc-timeout", "1002u"],
        ["te", "trailers"],
        ["grpc-timeout", "1003u"],
      ],
      sends: [["add"], ["plain 62"], ["add"], ["plain 63"]],
    },
    {
      title: "a field that fills most of the table is not indexed",
      lists: [
        ["a", "x".repeat(3040)],
        ["a", "x".repeat(3039)],
        ["b", "x".repeat(5000)],
        ["b", "x".repeat(5000)],
      ],
      sends: [["plain"], ["add"], ["plain"], ["plain"]],
    },
    { title: "an empty list is an empty block", lists: [[]], sends: [[]] },
    {
      title: "empty names and values are fields too",
      lists: [
        ["", ""],
        ["", ""],
      ],
      sends: [["add"], ["index 62"]],
    },
    {
      title: "a static name with a value of its own",
      lists: [
        [":method", "PUT"],
        [":method", "PUT"],
        [":method", "PUT"],
        [":method", "GET"],
      ],
      sends: [["plain 2"], ["add 2"], ["index 62"], ["index 2"]],
    },
  ];
  for (const { title, lists, sends } of cases) {
    it(title, () => {
      const { send } = newPair();
      assert.deepEqual(
        lists.map((list) => send(list)),
        sends,
      );
    });
  }

  it("writes nine bytes for nine fields that it knows", () => {
    const { encoder, send } = newPair();
    const request = [
      ...[":method", "POST", ":scheme", "http", ":path", "/acme.v1.Orders/Get", ":authority", "127.0.0.1:8081"],
      ...["content-type", "application/grpc", "te", "trailers", "user-agent", "grpc-node-js/1.14.7"],
      ...["grpc-accept-encoding", "identity,deflate,gzip", "accept-encoding", "identity"],
    ];
    send(request);
    send(request);
    assert.equal(encode(encoder, request).byteLength, 9);
  });

  it("comes to index all that repeats, however their keys fall together", () => {
    const { send } = newPair();
    const list = Array.from({ length: 60 }, (_, i) => ["cookie", `name-of-a-cookie-${i}=value`]).flat();
    for (let i = 0; i < 40; i++) send(list);
    assert.ok(send(list).every((part) => part.startsWith("index ")));
  });

  it("finds its way when fields are pushed out", () => {
    const { send, decoder } = newPair({ maxTableSize: 4096 });
    for (let i = 0; i < 5000; i++)
      send([`x-${i % 300}`, "1", "te", "trailers", `y-${i % 7}`, String(i % 11), "z", String(i % 3)]);
    assert.ok(tableOf(decoder).length > 100);
  });
});

describe("the encoder never indexes", () => {
  const LONG = "Bearer 0123456789abcdef";
  const cases: readonly { title: string; field: [string, string]; never: string[]; sends: string[] }[] = [
    {
      title: "what was never indexed before",
      field: ["x-token", LONG],
      never: ["x-token"],
      sends: ["never", "never", "never"],
    },
    {
      title: "a static field, where it must not be",
      field: [":method", "GET"],
      never: [":method"],
      sends: ["never 2", "never 2", "never 2"],
    },
    {
      title: "a short authorization",
      field: ["authorization", "a".repeat(19)],
      never: [],
      sends: ["never 23", "never 23", "never 23"],
    },
    { title: "a short cookie", field: ["cookie", "a=b"], never: [], sends: ["never 32", "never 32", "never 32"] },
    {
      title: "a longer authorization only when it was not before",
      field: ["authorization", LONG],
      never: ["authorization"],
      sends: ["never 23", "never 23", "never 23"],
    },
    {
      title: "but does so a longer authorization",
      field: ["authorization", "a".repeat(20)],
      never: ["x-token"],
      sends: ["plain 23", "add 23", "index 62"],
    },
    {
      title: "but does so a longer cookie",
      field: ["cookie", "a".repeat(20)],
      never: [],
      sends: ["plain 32", "add 32", "index 62"],
    },
  ];
  for (const { title, field, never, sends } of cases) {
    it(title, () => {
      const { send } = newPair();
      assert.deepEqual([1, 2, 3].map(() => send(field, never)).flat(), sends);
    });
  }

  it("a field that is in its table from before", () => {
    const { send } = newPair();
    send(["x-token", LONG]);
    assert.deepEqual(send(["x-token", LONG]), ["index 62"]);
    assert.deepEqual(send(["x-token", LONG], ["x-token"]), ["never 62"]);
    assert.deepEqual(send(["x-token", LONG]), ["index 62"]);
  });

  it("tells its peer so", () => {
    const { encoder, decoder } = newPair();
    const bytes = encode(encoder, ["te", "trailers", "x-token", LONG, "cookie", "a=b"], ["x-token"]);
    assert.deepEqual(decode(decoder, bytes).neverIndexed, new Set(["x-token", "cookie"]));
    assert.deepEqual(tableOf(decoder), ["te", "trailers"]);
  });
});

describe("the encoder writes strings", () => {
  it("of every length", () => {
    const { send } = newPair();
    for (const length of [...Array(300).keys(), 16_383, 16_384, 16_510, 16_511, 70_000]) {
      send(["a".repeat(length), "b".repeat(length)]);
      send([":path", "é".repeat(length)]);
    }
  });

  it("of every length, with many fields behind them that are indexed", () => {
    for (let length = 0; length < 60; length++) {
      const { send } = newPair();
      const strings = Array.from({ length: 60 }, (_, i) => [":path", `${"x".repeat(length)}${i}`]).flat();
      send([...strings, ...Array.from({ length: 300 }, () => [":method", "GET"]).flat()]);
    }
  });

  it("of every byte", () => {
    const { send } = newPair();
    for (let byte = 0; byte < 256; byte++)
      for (const length of [1, 40]) send(["x", String.fromCharCode(byte).repeat(length)]);
  });

  const replaced = [
    // Cut to its low byte, the first would be a line feed.
    { text: "a\u010ab", reads: "a?b" },
    { text: `a\u010ab${"c".repeat(40)}`, reads: `a?b${"c".repeat(40)}` },
    { text: `${"é".repeat(20)}\u20ac`, reads: `${"é".repeat(20)}?` },
    { text: "\ud800".repeat(30), reads: "?".repeat(30) },
    { text: "\u{1f600}", reads: "??" },
  ];
  for (const { text, reads } of replaced) {
    it(`with "?" in place of what is no byte: ${JSON.stringify(text)}`, () => {
      const { encoder, decoder } = newPair();
      for (let i = 0; i < 3; i++)
        assert.deepEqual(decode(decoder, encode(encoder, ["x-name", text])).fields, ["x-name", reads]);
      assert.deepEqual(tableOf(decoder), ["x-name", reads]);
    });
  }

  it("behind what was written before, which it leaves as it is", () => {
    const out = new ByteWriter();
    const encoder = createHpackEncoder({ maxTableSize: 4096 });
    const decoder = createHpackDecoder({ maxTableSize: 4096, maxListSize: 100_000 });
    const ends = [0];
    const lists = Array.from({ length: 50 }, (_, i) => ["x-name", "é".repeat(i * 50)]);
    for (const list of lists) {
      encoder.encode(list, undefined, out);
      ends.push(out.length);
    }
    for (const [i, list] of lists.entries())
      assert.deepEqual(decoder.decode(out.bytes, ends[i] ?? 0, ends[i + 1] ?? 0).fields, list);
  });
});
