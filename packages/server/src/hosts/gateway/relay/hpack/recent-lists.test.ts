import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decode } from "./test/blocks.ts";
import { encode, newPair } from "./test/pair.ts";

describe("the encoder recognizes lists that a decoder answers again", () => {
  /** A decoder that answers one list for each name, the same each time. */
  function newSource(names: readonly string[], copies: (i: number) => number) {
    const source = newPair();
    for (const name of names) source.send([name, "1"]);
    return (i: number): readonly string[] => {
      const list = Array.from({ length: copies(i) }, () => [names[i] ?? "", "1"]).flat();
      return decode(source.decoder, encode(source.encoder, list)).fields;
    };
  }
  const names = ["a", "b", "c", "d", "e"];

  it("and writes the same for them, while its table stays as it is", () => {
    const listOf = newSource(names, () => 1);
    const { encoder, decoder, send } = newPair();
    for (let round = 0; round < 6; round++) for (const i of names.keys()) send(listOf(i));
    assert.deepEqual(
      names.map((_, i) => send(listOf(i)).join()),
      ["index 66", "index 65", "index 64", "index 63", "index 62"],
    );
    send(["f", "1"]);
    assert.deepEqual(
      names.map((_, i) => send(listOf(i)).join()),
      ["index 67", "index 66", "index 65", "index 64", "index 63"],
    );
    for (const side of [encoder, decoder]) side.setMaxTableSize(0);
    assert.deepEqual(
      names.map((_, i) => send(listOf(i)).join()),
      ["size 0,plain", "plain", "plain", "plain", "plain"],
    );
  });

  it("of every length", () => {
    for (let length = 1; length < 80; length++) {
      const listOf = newSource(names, (i) => length + i);
      const { send } = newPair();
      for (let round = 0; round < 5; round++) for (const i of names.keys()) send(listOf(i));
    }
  });

  it("but not where a field of theirs must not be indexed now", () => {
    const listOf = newSource(names, () => 1);
    const { send } = newPair();
    for (let round = 0; round < 6; round++) send(listOf(0));
    assert.deepEqual(send(listOf(0), ["a"]), ["never 62"]);
  });

  it("and no others, which may be changed", () => {
    const { send } = newPair();
    const list = ["a", "1", "b", "1"];
    for (let round = 0; round < 6; round++) send(list);
    list[0] = "b";
    assert.deepEqual(send(list), ["index 62", "index 62"]);
  });
});
