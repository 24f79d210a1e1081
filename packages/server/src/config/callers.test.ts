import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { JWT_ALGORITHMS } from "../access/jwt-verifier.ts";
import { load, problemsOf } from "../../test/harness/settings.ts";

const GATEWAY = 'gateway:\n  listen: "8081"\n  upstream: http://127.0.0.1:9000\n';

function yamlOf(callers: string): string {
  return `${GATEWAY}  callers: ${callers}\n`;
}

describe("by what a gateway knows its callers", () => {
  it("is nothing, unless it is said", () => {
    assert.equal(load({ yaml: GATEWAY }).gateway?.callers, undefined);
  });

  it("can be tokens, with defaults for what is not said", () => {
    const given = yamlOf("{jwt: {issuer: https://id.example.com, audience: orders}}");
    assert.deepEqual(load({ yaml: given }).gateway?.callers, {
      jwt: {
        issuer: "https://id.example.com",
        audience: "orders",
        algorithms: [...JWT_ALGORITHMS],
        clockSkewSeconds: 30,
        claims: {},
      },
      required: false,
    });
  });

  it("is JSON in the environment", () => {
    const callers = { proxy: { networks: ["10.0.0.0/8"], headers: { userID: "x-user" } }, required: true };
    const env = { INTERPOSE_GATEWAY_CALLERS: JSON.stringify(callers) };
    assert.deepEqual(load({ yaml: GATEWAY, env }).gateway?.callers, callers);
  });

  const wrong: readonly (readonly [callers: string, says: RegExp])[] = [
    ["{}", /^gateway\.callers \(interpose\.yaml:4\): needs jwt or proxy/],
    ["{required: true}", /needs jwt or proxy/],
    ["true", /^gateway\.callers .*expected object/],
    ["{jwt: {audience: a}}", /^gateway\.callers\.jwt .*needs an issuer or a jwksUrl/],
    ["{jwt: {issuer: https://id.example.com}}", /^gateway\.callers\.jwt\.audience .*expected string/],
    ["{jwt: {issuer: id, audience: a}}", /^gateway\.callers\.jwt\.issuer .*Invalid URL/],
    ["{jwt: {jwksUrl: 'file:///keys', audience: a}}", /^gateway\.callers\.jwt\.jwksUrl .*Invalid URL/],
    ["{jwt: {issuer: https://a.b, audience: a, algorithms: [HS256]}}", /callers\.jwt\.algorithms\.0 .*Invalid option/],
    ["{jwt: {issuer: https://a.b, audience: a, algorithms: [none]}}", /callers\.jwt\.algorithms\.0 .*Invalid option/],
    ["{jwt: {issuer: https://a.b, audience: a, algorithms: []}}", /callers\.jwt\.algorithms .*Too small/],
    ["{jwt: {issuer: https://a.b, audience: a, claims: {userId: sub}}}", /callers\.jwt\.claims .*userId/],
    ["{jwt: {issuer: https://a.b, audience: a}, proxies: 1}", /gateway\.callers .*"proxies"/],
    ["{proxy: {networks: [], headers: {}}}", /callers\.proxy\.networks .*Too small/],
    ["{proxy: {networks: [10.0.0.0/8]}}", /callers\.proxy\.headers /],
    [
      "{proxy: {networks: [10.0.0.0/8], headers: {userID: 'x user'}}}",
      /headers\.userID .*must be the name of a header/,
    ],
  ];
  for (const [callers, says] of wrong) {
    it(`is refused as ${callers}`, () => {
      const problems = problemsOf(() => load({ yaml: yamlOf(callers) }));
      assert.equal(problems.length, 1, problems.join("\n"));
      assert.match(problems[0] ?? "", says);
    });
  }
});

describe("the headers that targets are shown", () => {
  it("are those of the settings, for the own API and for each gateway", () => {
    const env = { INTERPOSE_SHOWN_HEADERS: "Host, X-Trace", INTERPOSE_GATEWAY_SHOWN_HEADERS: "X-Other" };
    const settings = load({ yaml: GATEWAY, env });
    assert.deepEqual(settings.shownHeaders, ["Host", "X-Trace"]);
    assert.deepEqual(settings.gateway?.shownHeaders, ["X-Other"]);
  });

  it("are refused where one is no name", () => {
    const [problem = ""] = problemsOf(() => load({ env: { INTERPOSE_SHOWN_HEADERS: "Host,X Trace" } }));
    assert.match(problem, /^shownHeaders\.1 \(INTERPOSE_SHOWN_HEADERS\): must be the name of a header/);
  });
});
