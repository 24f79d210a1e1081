import assert from "node:assert/strict";
import { createServer, type AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { Edition, FileDescriptorProtoSchema, type FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { InterposeError } from "@interpose/engine";
import { selfSigned } from "../../../../../caller/test/endpoint.ts";
import { cleanUp, type Cleanup } from "../../../../test/harness/cleanup.ts";
import { loadDescriptors, type Descriptors, type LoadOptions, type ReflectionSource } from "./index.ts";
import {
  answersFrom,
  errorAnswer,
  fileAnswer,
  listAnswer,
  startReflection,
  type Answers,
  type ReflectionServerOptions,
} from "../../../../test/descriptors/servers.ts";

const ask = (url: string, source: Partial<ReflectionSource> = {}, options: LoadOptions = {}): Promise<Descriptors> =>
  loadDescriptors({ kind: "reflection", url, ...source }, options);

const namesOf = ({ services }: Descriptors): readonly string[] => services.map(({ typeName }) => typeName);

describe("a client of reflection", () => {
  const file = (init: MessageInitShape<typeof FileDescriptorProtoSchema>): FileDescriptorProto =>
    create(FileDescriptorProtoSchema, init);
  const service = (name: string, type = ".A"): FileDescriptorProto["service"][number] =>
    file({ service: [{ name, method: [{ name: "Call", inputType: type, outputType: type }] }] }).service[0] as never;
  const A = file({ name: "a.proto", messageType: [{ name: "A" }] });
  const API = file({ name: "api.proto", dependency: ["a.proto"], service: [service("S"), service("Other")] });

  const start = async (t: Cleanup, answers: Answers, options?: ReflectionServerOptions): Promise<string> =>
    (await startReflection(t, answers, options)).url;

  for (const versions of [["v1"], ["v1alpha"], ["v1", "v1alpha"]] as const) {
    for (const isTransitive of [true, false]) {
      it(`speaks with servers that have ${versions.join(" and ")} and send ${isTransitive ? "all imports at once" : "files one by one"}`, async (t) => {
        const url = await start(t, answersFrom([A, API], ["S"], { isTransitive }), { versions });
        const descriptors = await ask(url);
        assert.deepEqual(descriptors.problems, []);
        assert.deepEqual(namesOf(descriptors), ["S"]);
        assert.equal(descriptors.services[0]?.methods[0]?.input.typeName, "A");
      });
    }
  }

  it("asks once for what several services share", async (t) => {
    const asked: string[] = [];
    const answers = answersFrom([A, API], ["Other", "S"]);
    const url = await start(t, (question, context) => {
      asked.push(`${question.case} ${question.value}`);
      return answers(question, context);
    });
    assert.deepEqual(namesOf(await ask(url)), ["Other", "S"]);
    assert.deepEqual(asked, ["listServices *", "fileContainingSymbol Other", "fileByFilename a.proto"]);
  });

  it("fills in protobuf's own files, where a server does not send them", async (t) => {
    const empty = ".google.protobuf.Empty";
    const url = await start(
      t,
      answersFrom(
        [file({ name: "api.proto", dependency: ["google/protobuf/empty.proto"], service: [service("S", empty)] })],
        ["S"],
      ),
    );
    const descriptors = await ask(url);
    assert.deepEqual(descriptors.problems, []);
    assert.deepEqual(namesOf(descriptors), ["S"]);
  });

  it("sends headers, and says what is missing without them", async (t) => {
    const answers = answersFrom([A, API], ["S"]);
    const url = await start(t, (question, context) => {
      if (context.requestHeader.get("authorization") !== "Bearer secret") {
        throw new ConnectError("who are you?", Code.Unauthenticated);
      }
      return answers(question, context);
    });
    assert.deepEqual(namesOf(await ask(url, { headers: { authorization: "Bearer secret" } })), ["S"]);
    await refused(
      ask(url),
      /it refuses reflection \(Unauthenticated: who are you\?\)\. Give the headers that it wants/,
    );
  });

  it("speaks TLS, and trusts whom it is told to", async (t) => {
    const tls = selfSigned();
    const url = await start(t, answersFrom([A, API], ["S"]), { tls });
    assert.deepEqual(namesOf(await ask(url, { tls: { ca: tls.cert } })), ["S"]);
    await refused(ask(url), /reflection failed \(.*self-signed certificate/);
  });

  const partial: readonly (readonly [
    what: string,
    answers: Answers,
    services: readonly string[],
    problems: readonly RegExp[],
  ])[] = [
    [
      "a service that the server does not describe",
      answersFrom([A, API], ["S", "Gone"]),
      ["S"],
      [/^the server lists Gone and does not describe it: there is no Gone \(code 5\)\.$/],
    ],
    [
      "a service whose file is sent without it",
      ({ case: kind, value }) =>
        kind === "listServices"
          ? listAnswer(["Gone", "S"])
          : fileAnswer([A, API].map((each) => toBinary(FileDescriptorProtoSchema, value === "Gone" ? A : each))),
      ["S"],
      [/^the server lists Gone and does not describe it: it sends files without it\.$/],
    ],
    [
      "a file that is none",
      (question, context) =>
        question.value === "Bad"
          ? fileAnswer([Buffer.from("\xff\xff")])
          : answersFrom([A, API], ["Bad", "S"])(question, context),
      ["S"],
      [/^the server lists Bad and does not describe it: it is no file of descriptors: /],
    ],
    [
      "a type that is not there",
      answersFrom(
        [A, API, file({ name: "bad.proto", package: "bad", service: [service("T", ".Nothing")] })],
        ["S", "bad.T"],
      ),
      ["S"],
      [
        /^bad\.proto: bad\.T\.Call: there is no "Nothing"\.$/,
        /^bad\.T is left out, since the file that describes it cannot be used\.$/,
      ],
    ],
    [
      "an import that is missing and needed",
      answersFrom(
        [A, API, file({ name: "bad.proto", dependency: ["b.proto"], service: [service("T", ".B")] })],
        ["S", "T"],
      ),
      ["S"],
      [
        /^the server does not send b\.proto: there is no b\.proto \(code 5\)\.$/,
        /^bad\.proto imports "b\.proto", which is missing/,
        /T\.Call: there is no "B"/,
        /^T is left out/,
      ],
    ],
    [
      "an import that is missing and only has options",
      answersFrom([A, file({ ...API, dependency: ["a.proto", "gogoproto/gogo.proto"] })], ["S"]),
      ["S"],
      [
        /^the server does not send gogoproto\/gogo\.proto: /,
        /^api\.proto imports "gogoproto\/gogo\.proto", which is missing\. The server does not have it\.$/,
      ],
    ],
    [
      "imports in a circle",
      answersFrom(
        [
          A,
          API,
          file({ name: "b.proto", package: "b", dependency: ["c.proto"], service: [service("T", ".c.C")] }),
          file({ name: "c.proto", package: "c", dependency: ["b.proto"], messageType: [{ name: "C" }] }),
        ],
        ["S", "b.T"],
      ),
      ["S", "b.T"],
      [/^files import each other in a circle: b\.proto → c\.proto → b\.proto\.$/],
    ],
    [
      "two files that define the same",
      answersFrom(
        [A, API, file({ name: "b.proto", messageType: [{ name: "A" }], service: [service("T")] })],
        ["S", "T"],
      ),
      ["S"],
      [/^"A" is defined twice: as message, in a\.proto and in b\.proto\.$|^"A" is defined twice/, /^T is left out/],
    ],
    [
      "an edition of the future",
      answersFrom(
        [
          A,
          API,
          file({
            name: "b.proto",
            package: "b",
            syntax: "editions",
            edition: Edition.EDITION_99999_TEST_ONLY,
            messageType: [{ name: "A" }],
            service: [service("T", ".b.A")],
          }),
        ],
        ["S", "b.T"],
      ),
      ["S"],
      [/^b\.proto: unsupported edition|b\.proto: b\.proto: unsupported edition/, /^b\.T is left out/],
    ],
  ];
  for (const [what, answers, services, problems] of partial) {
    it(`reports ${what}, and loads the rest`, async (t) => {
      const descriptors = await ask(await start(t, answers));
      assert.deepEqual(namesOf(descriptors), services);
      assert.equal(descriptors.problems.length, problems.length, descriptors.problems.join("\n"));
      for (const [i, problem] of problems.entries()) assert.match(descriptors.problems[i] ?? "", problem);
    });
  }

  const large = (n: number): FileDescriptorProto => file({ name: `large${n}.proto`, package: "x".repeat(1200) });
  const failing: readonly (readonly [what: string, answers: Answers, error: RegExp, options?: LoadOptions])[] = [
    [
      "does not list its services",
      () => errorAnswer(12, "not today"),
      /it does not list its services: not today \(code 12\)/,
    ],
    [
      "answers something else",
      () => fileAnswer([]),
      /it does not list its services: it answers with fileDescriptorResponse/,
    ],
    [
      "ends the stream",
      ({ case: kind }) => (kind === "listServices" ? listAnswer(["S"]) : undefined),
      /it ended the stream of answers early/,
    ],
    [
      "fails in the middle",
      ({ case: kind }) => {
        if (kind !== "listServices") throw new ConnectError("lost", Code.DataLoss);
        return listAnswer(["S"]);
      },
      /reflection failed \(DataLoss: lost\)/,
    ],
    ["does not answer in time", () => new Promise<never>(() => undefined), /it did not answer within 300 ms/],
    ["sends files without end", endless(), /it sends more than 50 files/, { limits: { maxFiles: 50 } }],
    [
      "sends more bytes than it may",
      answersFrom(
        [large(1), large(2), large(3), file({ ...API, dependency: ["large1.proto", "large2.proto", "large3.proto"] })],
        ["S"],
      ),
      /its descriptors are larger than 3000 bytes together/,
      { limits: { maxBytes: 3000 } },
    ],
    [
      "sends more bytes than it may at once",
      answersFrom([large(1), file({ ...API, dependency: ["large1.proto"] })], ["S"]),
      /reflection failed \(ResourceExhausted: message is larger than .* 1000 /,
      { limits: { maxBytes: 1000 } },
    ],
    [
      "lists services without end",
      () => listAnswer(Array.from({ length: 1000 }, (_, i) => `S${i}`)),
      /it lists 1000 services, and at most 50 are read/,
      { limits: { maxFiles: 50 } },
    ],
  ];
  for (const [what, answers, error, options] of failing) {
    it(`refuses a server that ${what}`, async (t) => {
      await refused(
        ask(await start(t, answers), { timeoutMs: what.includes("in time") ? 300 : 10_000 }, options),
        error,
      );
    });
  }

  it("says so where a server has no reflection", async (t) => {
    await refused(
      ask(await start(t, () => undefined, { versions: [] })),
      /it has no server reflection, neither grpc\.reflection\.v1 nor v1alpha\. Switch it on there, or name a file/,
    );
  });

  it("says so where nobody listens, and where nobody speaks", async (t) => {
    await refused(ask("http://127.0.0.1:1"), /reflection failed \(Unavailable: connect ECONNREFUSED 127\.0\.0\.1:1\)/);
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    cleanUp(t, () => silent.close());
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    await refused(ask(url, { timeoutMs: 300 }), /it did not answer within 300 ms/);
  });

  it("gives up when it is told to", async (t) => {
    const url = await start(t, () => new Promise<never>(() => undefined));
    const giveUp = new AbortController();
    const asked = ask(url, {}, { signal: giveUp.signal });
    giveUp.abort();
    await refused(asked, /reflection failed \(Canceled: /);
  });

  /** Each file imports the next. */
  function endless(): Answers {
    return ({ case: kind, value }) => {
      if (kind === "listServices") return listAnswer(["S"]);
      const n = Number(/\d+/.exec(value)?.[0] ?? 0);
      const next = file({ name: n === 0 ? "api.proto" : `${n}.proto`, dependency: [`${n + 1}.proto`] });
      if (n === 0) next.service = [service("S")];
      return fileAnswer([toBinary(FileDescriptorProtoSchema, next)]);
    };
  }
});

async function refused(asked: Promise<unknown>, error: RegExp): Promise<void> {
  await assert.rejects(asked, (thrown) => {
    assert.ok(thrown instanceof InterposeError, String(thrown));
    assert.ok(thrown.reason.startsWith("descriptors_"), thrown.reason);
    assert.match(
      thrown.message,
      /^The descriptors of the reflection of https?:\/\/127\.0\.0\.1:\d+ cannot be used: .*\.$/,
    );
    assert.match(thrown.message, error);
    return true;
  });
}
