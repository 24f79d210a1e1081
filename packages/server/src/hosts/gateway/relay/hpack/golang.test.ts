// Our HPACK against that of golang.org/x/net, which grpc-go uses.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ByteWriter, createHpackDecoder, createHpackEncoder } from "./index.ts";
import { buildGo, goFields, goIsMissing, listFromGo, runGo, type GoCommand } from "./test/golang.ts";
import { createRandom, randomList, TABLE_SIZES, type RandomList } from "./test/random-lists.ts";

const CONNECTIONS = 500;
const LISTS_OF_CONNECTION = 200;
const COUNT = CONNECTIONS * LISTS_OF_CONNECTION;

const skip = goIsMissing() ?? false;

describe("HPACK with golang.org/x/net as the peer", () => {
  let go: ReturnType<typeof buildGo>;
  if (skip === false) {
    before(() => (go = buildGo()));
    after(() => go.remove());
  }

  it(`reads the blocks of ${COUNT} random lists that Go encodes`, { skip }, async () => {
    const random = createRandom(1);
    const commands: GoCommand[] = [];
    const expected: { list: RandomList; settings: readonly number[]; begins: boolean }[] = [];
    for (let i = 0; i < COUNT; i++) {
      const begins = i % LISTS_OF_CONNECTION === 0;
      if (begins) commands.push({ begin: true });
      const settings: number[] = [];
      while (random.below(20) === 0) settings.push(random.oneOf(TABLE_SIZES));
      for (const limit of settings)
        commands.push({ limit, size: random.below(3) === 0 ? random.below(limit + 1) : limit });
      const list = randomList(random, "any");
      commands.push({ encode: goFields(list) });
      expected.push({ list, settings, begins });
    }
    const answers = await runGo(go.program, commands);
    assert.equal(answers.length, COUNT);
    let decoder = createHpackDecoder({ maxTableSize: 4096, maxListSize: 1_000_000 });
    for (const [i, { list, settings, begins }] of expected.entries()) {
      if (begins) decoder = createHpackDecoder({ maxTableSize: 4096, maxListSize: 1_000_000 });
      for (const size of settings) decoder.setMaxTableSize(size);
      const block = Buffer.from(answers[i]?.block ?? "", "base64");
      const { fields, neverIndexed } = decoder.decode(block, 0, block.byteLength);
      assert.deepEqual(fields, list.fields);
      const present = new Set([...(list.neverIndexed ?? [])].filter((name) => fields.includes(name)));
      assert.deepEqual(neverIndexed ?? new Set(), present);
    }
  });

  it(`writes the blocks of ${COUNT} random lists that Go decodes`, { skip }, async () => {
    const random = createRandom(2);
    const commands: GoCommand[] = [];
    const lists: RandomList[] = [];
    const out = new ByteWriter();
    let encoder = createHpackEncoder({ maxTableSize: 4096 });
    for (let i = 0; i < COUNT; i++) {
      if (i % LISTS_OF_CONNECTION === 0) {
        encoder = createHpackEncoder({ maxTableSize: random.oneOf(TABLE_SIZES) });
        commands.push({ begin: true });
      }
      while (random.below(20) === 0) {
        const allow = random.oneOf(TABLE_SIZES);
        encoder.setMaxTableSize(allow);
        commands.push({ allow });
      }
      const list = randomList(random, "any");
      out.length = 0;
      encoder.encode(list.fields, list.neverIndexed, out);
      commands.push({ decode: out.bytes.toString("base64", 0, out.length) });
      lists.push(list);
    }
    const answers = await runGo(go.program, commands);
    assert.equal(answers.length, COUNT);
    for (const [i, { fields, neverIndexed }] of lists.entries()) {
      const answer = answers[i];
      assert.ok(answer);
      assert.equal(answer.error, "");
      const read = listFromGo(answer);
      assert.deepEqual(read.fields, fields);
      for (const name of neverIndexed ?? []) assert.ok(read.neverIndexed.has(name), name);
    }
  });
});
