import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { compareVersions, versionedService } from "./api-version.ts";

describe("versionedService()", () => {
  const families = [
    { service: "acme.users.v1.UserService", family: "acme.users.*.UserService" },
    { service: "acme.users.v2beta1.UserService", family: "acme.users.*.UserService" },
    { service: "zitadel.action.v3alpha.ActionService", family: "zitadel.action.*.ActionService" },
    { service: "acme.v1p2alpha3.Users", family: "acme.*.Users" },
    { service: "acme.v1test.Users", family: "acme.*.Users" },
    { service: "acme.v1testing_only.Users", family: "acme.*.Users" },
    { service: "acme.ads.v1.services.Ads", family: "acme.ads.*.services.Ads" },
    { service: "acme.v1.ads.v2.Ads", family: "acme.v1.ads.*.Ads" },
    { service: "v1.Users", family: "*.Users" },
  ];
  for (const { service, family } of families) {
    it(`takes ${service} for one of ${family}`, () => assert.equal(versionedService(service)?.family, family));
  }

  const without = [
    "acme.Users",
    "Users",
    "",
    ".",
    "acme.users.v1",
    "v1",
    "acme.v0.Users",
    "acme.v01.Users",
    "acme.V1.Users",
    "acme.v1p1.Users",
    "acme.v1gamma.Users",
    "acme.v1beta0.Users",
    "acme.v1beta1x.Users",
    "acme.version1.Users",
    "acme.v1-2.Users",
    `acme.v${"9".repeat(20)}.Users`,
  ];
  for (const service of without) {
    it(`finds no version in "${service}"`, () => assert.equal(versionedService(service), undefined));
  }
});

describe("compareVersions()", () => {
  const NEWEST_FIRST = [
    "v10",
    "v2",
    "v1",
    "v2beta",
    "v1p1beta2",
    "v1beta10",
    "v1beta2",
    "v1beta",
    "v3alpha",
    "v1alpha1",
    "v9test",
  ];
  const parse = (version: string) => versionedService(`a.${version}.B`)?.version ?? assert.fail(version);

  it("puts the newest first", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(NEWEST_FIRST, { minLength: NEWEST_FIRST.length }), (shuffled) => {
        assert.deepEqual(
          [...shuffled].sort((a, b) => compareVersions(parse(a), parse(b))),
          NEWEST_FIRST,
        );
      }),
    );
  });
});
