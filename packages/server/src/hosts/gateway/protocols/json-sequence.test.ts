import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { InterposeError } from "@interpose/engine";
import { StatusSchema } from "@interpose/protocol/gen/google/rpc/status_pb";
import { jsonSequence, type JsonSequence } from "./json-sequence.ts";

const isMessage = (value: Buffer): boolean => !value.toString().startsWith('{"error"');

/** Takes a body apart that comes in pieces, and passes it on: the messages, and all that was passed on. */
function taken(
  sequence: JsonSequence,
  chunks: readonly string[],
  maxBytes = 1_000,
): { messages: string[]; all: string } {
  const cutter = sequence.createCutter(maxBytes);
  const messages: string[] = [];
  let all = "";
  const drain = (take: typeof cutter.take): void => {
    for (let piece = take(); piece; piece = take()) {
      if (piece.kind === "message") messages.push(piece.bytes.toString());
      all += (piece.kind === "message" ? sequence.frame(piece) : sequence.frameEnd(piece.bytes)).toString();
    }
  };
  for (const chunk of chunks) {
    cutter.push(Buffer.from(chunk));
    drain(cutter.take);
  }
  drain(cutter.takeLast);
  return { messages, all };
}

describe("jsonSequence()", () => {
  const cases: readonly { name: string; body: string; isLines?: boolean; messages: readonly string[] }[] = [
    { name: "an empty array", body: " [ ] ", messages: [] },
    {
      name: "an array of anything",
      body: '[{"a":"]"}, [1,[2]],\n"x\\"]",1.5e3,true,null]',
      messages: ['{"a":"]"}', "[1,[2]]", '"x\\"]"', "1.5e3", "true", "null"],
    },
    {
      name: "objects one behind another",
      body: '{"a":1}{"b":"\\\\"}\n{"c":{}}\n',
      messages: ['{"a":1}', '{"b":"\\\\"}', '{"c":{}}'],
    },
    { name: "lists in lines", body: "[1]\n[2]\n3", isLines: true, messages: ["[1]", "[2]", "3"] },
    { name: "what is no message, by passing it on", body: '[{},{"error":{}}]', messages: ["{}"] },
    { name: "nothing", body: "", messages: [] },
  ];
  for (const { name, body, isLines = false, messages } of cases) {
    it(`takes ${name}`, () => {
      for (const chunks of [[body], Array.from(body)])
        assert.deepEqual(taken(jsonSequence(isLines, isMessage), chunks), { messages, all: body });
    });
  }

  it("takes whatever JSON there is, wherever it is cut, and passes all of it on", () => {
    const value = fc.jsonValue({ maxDepth: 3 }).map((each) => JSON.stringify(each));
    fc.assert(
      fc.property(fc.array(value), fc.boolean(), fc.array(fc.nat({ max: 20 })), (values, isArray, cuts) => {
        const body = isArray ? `[${values.join(", ")}]` : values.join("\n");
        const chunks: string[] = [];
        let left = body;
        for (const cut of cuts) {
          chunks.push(left.slice(0, cut));
          left = left.slice(cut);
        }
        const bytes = [...chunks, left];
        assert.deepEqual(
          taken(
            jsonSequence(!isArray, () => true),
            bytes,
            1e6,
          ),
          { messages: values, all: body },
        );
      }),
    );
  });

  it("ends what was passed on so that it is JSON, with the error as its last item", () => {
    const status = create(StatusSchema, { code: 8, message: "full" });
    for (const body of ["[", "[{},{}", "[{},{},", '[{"error":{}}', "[ {} ,\n"]) {
      const sequence = jsonSequence(false, isMessage);
      const cutter = sequence.createCutter(1_000);
      cutter.push(Buffer.from(body));
      let passed = "";
      for (let piece = cutter.take(); piece; piece = cutter.take())
        passed += (piece.kind === "message" ? sequence.frame(piece) : sequence.frameEnd(piece.bytes)).toString();
      const items = JSON.parse(passed + sequence.endOfError(status).toString()) as any[];
      assert.equal(items.at(-1).error.code, 8, passed);
    }
    const lines = jsonSequence(false, isMessage);
    const { all } = taken(lines, ["{}\n{}"]);
    assert.deepEqual(
      (all + lines.endOfError(status).toString())
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)).length,
      3,
    );
    const whole = jsonSequence(false, isMessage);
    taken(whole, ["[{}]"]);
    assert.equal(whole.endOfError(status).byteLength, 0);
  });

  it("refuses a message that is too large as soon as it is, and a body that ends within one", () => {
    const cutter = jsonSequence(false, isMessage).createCutter(10);
    cutter.push(Buffer.from('[{},"123456'));
    assert.throws(
      () => cutter.push(Buffer.from("7890")),
      (error) => error instanceof InterposeError && error.reason === "message_too_large",
    );
    for (const body of ['[{"a":1', '"abc', '{"a":"}'])
      assert.throws(
        () => taken(jsonSequence(false, isMessage), [body]),
        (error) => error instanceof InterposeError && error.reason === "body_malformed",
        body,
      );
  });
});
