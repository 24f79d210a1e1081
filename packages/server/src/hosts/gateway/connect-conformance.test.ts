// The conformance suite of Connect, with its own client and server on either side of a gateway.
import assert from "node:assert/strict";
import { json } from "node:stream/consumers";
import { describe, it } from "node:test";
import { buildSuite, type SuiteRun } from "../../../test/conformance/suite.ts";
import { forSuite } from "../../../test/harness/cleanup.ts";
import { serve } from "../../../test/harness/serve.ts";

interface Configuration extends Omit<SuiteRun, "target"> {
  readonly title: string;
  /** What a target answers that is called for every message. Nobody looks at its signatures, of which there would be tens of thousands. */
  readonly target?: (payload: { readonly request?: unknown; readonly response?: unknown }) => unknown;
  /** Least number of cases, so that a suite that runs nothing does not pass. */
  readonly least: number;
}

/** What changes nothing, but has each message written anew. */
const echo: Configuration["target"] = ({ request, response }) => response ?? request;
/** What changes nothing. */
const silence: Configuration["target"] = () => undefined;

const EVERYTHING = {
  versions: ["1", "2"],
  protocols: ["CONNECT", "GRPC", "GRPC_WEB"],
  codecs: ["PROTO", "JSON"],
  compressions: ["IDENTITY", "GZIP"],
  tls: false,
  speaks: ["grpc", "grpc-web", "connect"],
} as const;
/** Nobody looks at messages. */
const PASSED = { ...EVERYTHING, codecs: ["PROTO"], tls: true } as const;
/** Messages are written anew. */
const WRITTEN = { ...EVERYTHING, versions: ["2"], target: echo } as const;
/** The API is taken to understand gRPC alone, and called over HTTP/2 in the clear. */
const TRANSLATED = { ...EVERYTHING, mode: "server", speaks: ["grpc"], protocols: ["CONNECT", "GRPC_WEB"] } as const;
/** grpc-go has its own mind about how many messages a call may have, with a gateway and without. */
const CARDINALITY = ["**/multiple-requests", "**/no-request"];

const CONFIGURATIONS: readonly Configuration[] = [
  { title: "what nothing hooks, requests", mode: "server", least: 1_900, ...PASSED },
  { title: "what nothing hooks, responses", mode: "client", least: 2_400, ...PASSED },
  { title: "what a target sees, requests", mode: "server", target: silence, least: 1_900, ...EVERYTHING },
  { title: "what a target sees, responses", mode: "client", target: silence, least: 2_400, ...EVERYTHING },
  {
    title: "what is written anew, requests",
    mode: "server",
    least: 1_000,
    ...WRITTEN,
    compressions: ["BR", "DEFLATE"],
  },
  { title: "what is written anew, responses", mode: "client", least: 600, ...WRITTEN, compressions: ["ZSTD"] },
  { title: "what is translated", upstream: "grpc", least: 2_900, ...TRANSLATED, tls: true },
  {
    title: "what is written anew and translated, for a server of grpc-go",
    upstream: "grpc-go",
    skip: CARDINALITY,
    target: echo,
    least: 1_000,
    ...TRANSLATED,
  },
];

/** Cases measure times, which a machine that has other things to do does not keep. So many may fail in the crowd and pass by themselves. */
const MOST_BY_CHANCE = 5;

describe("the conformance suite of Connect finds the same with a gateway in the middle", () => {
  const suite = buildSuite(forSuite());
  const skip = typeof suite === "string" ? suite : false;

  for (const { title, target, least, ...run } of CONFIGURATIONS) {
    it(title, { skip }, async (t) => {
      assert.ok(typeof suite !== "string");
      let calls = 0;
      const url =
        target &&
        (await serve(t, (request, response) => {
          calls++;
          void json(request).then((payload) => response.end(JSON.stringify(target(payload as object))));
        }));
      const throughGateway = { ...run, target: url };
      const { total, failures, said } = await suite.run(throughGateway);
      assert.equal(said, "");
      assert.ok(total >= least, `${total} cases`);
      if (target) assert.ok(calls > total, `${calls} calls of the target`);
      if (failures.size === 0) return;
      const anyway = await suite.failWithout(run, [...failures.keys()]);
      const found = [...failures].filter(([name]) => !anyway.has(name));
      if (found.length === 0) return;
      const told = found.map(([name, why]) => `\n${name}\n  ${why}`).join("");
      assert.ok(found.length <= MOST_BY_CHANCE, told);
      t.diagnostic(`failed in the crowd, and run again by themselves:${told}`);
      const again = await suite.run(
        throughGateway,
        found.map(([name]) => name),
      );
      assert.equal(again.total, found.length);
      assert.equal(again.failures.size, 0, told);
    });
  }
});
