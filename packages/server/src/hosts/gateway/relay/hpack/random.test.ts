import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ByteWriter, createHpackDecoder, createHpackEncoder } from "./index.ts";
import { createRandom, randomList, TABLE_SIZES } from "./test/random-lists.ts";
import { sizeOf, tableOf } from "./test/table-of.ts";

const CONNECTIONS = 500;
const LISTS_OF_CONNECTION = 200;

describe("what the encoder writes, the decoder reads", () => {
  it(`for ${CONNECTIONS * LISTS_OF_CONNECTION} random lists, while fields are pushed out and tables change their size`, () => {
    const random = createRandom(7541);
    const out = new ByteWriter();
    let fields = 0;
    let bytes = 0;
    for (let connection = 0; connection < CONNECTIONS; connection++) {
      const own = random.oneOf(TABLE_SIZES);
      let allowed = 4096;
      const encoder = createHpackEncoder({ maxTableSize: own });
      const decoder = createHpackDecoder({ maxTableSize: 4096, maxListSize: 1_000_000 });
      for (let i = 0; i < LISTS_OF_CONNECTION; i++) {
        while (random.below(20) === 0) {
          allowed = random.oneOf(TABLE_SIZES);
          encoder.setMaxTableSize(allowed);
          decoder.setMaxTableSize(allowed);
        }
        const list = randomList(random, "any");
        out.length = random.below(3);
        const start = out.length;
        encoder.encode(list.fields, list.neverIndexed, out);
        const read = decoder.decode(out.bytes, start, out.length);
        assert.deepEqual(read.fields, list.fields);
        for (const name of list.neverIndexed ?? []) assert.ok(read.neverIndexed?.has(name), name);
        fields += list.fields.length / 2;
        bytes += out.length - start;
        if (i % 50 === 49) assert.ok(sizeOf(tableOf(decoder)) <= Math.min(own, allowed));
      }
    }
    assert.ok(fields > CONNECTIONS * LISTS_OF_CONNECTION * 3, `${fields} fields`);
    assert.ok(bytes > fields, `${bytes} bytes`);
  });

  it(`for ${CONNECTIONS * LISTS_OF_CONNECTION} lists out of few, that are relayed from one connection to another`, () => {
    const random = createRandom(9113);
    const out = new ByteWriter();
    let recognized = 0;
    for (let connection = 0; connection < CONNECTIONS; connection++) {
      const client = createHpackEncoder({ maxTableSize: 4096 });
      const relayIn = createHpackDecoder({ maxTableSize: 4096, maxListSize: 1_000_000 });
      const relayOut = createHpackEncoder({ maxTableSize: 4096 });
      const upstream = createHpackDecoder({ maxTableSize: 4096, maxListSize: 1_000_000 });
      const lists = Array.from({ length: 6 }, () => randomList(random, "any"));
      const answered = new Set<readonly string[]>();
      for (let i = 0; i < LISTS_OF_CONNECTION; i++) {
        if (random.below(100) === 0) {
          const size = random.oneOf(TABLE_SIZES);
          for (const side of random.below(2) === 0 ? [client, relayIn] : [relayOut, upstream])
            side.setMaxTableSize(size);
        }
        const list = random.below(50) === 0 ? randomList(random, "any") : random.oneOf(lists);
        out.length = 0;
        client.encode(list.fields, list.neverIndexed, out);
        const { fields, neverIndexed } = relayIn.decode(out.bytes, 0, out.length);
        assert.deepEqual(fields, list.fields);
        if (answered.has(fields)) recognized++;
        answered.add(fields);
        out.length = 0;
        relayOut.encode(fields, neverIndexed, out);
        const read = upstream.decode(out.bytes, 0, out.length);
        assert.deepEqual(read.fields, list.fields);
        for (const name of neverIndexed ?? []) assert.ok(read.neverIndexed?.has(name), name);
      }
    }
    assert.ok(recognized > (CONNECTIONS * LISTS_OF_CONNECTION) / 5, `${recognized} lists`);
  });
});
