/** A service's name taken apart, where its package has a version in it. */
export interface VersionedService {
  /** The name with `*` in the version's place: two services with the same one are versions of each other. */
  readonly family: string;
  readonly version: ApiVersion;
}

/** A version as a number to compare by. The one that `compareVersions` puts first is the newest. */
export interface ApiVersion {
  readonly stability: "stable" | "beta" | "alpha" | "test";
  readonly major: number;
  /** Of `v1p2beta3`: 2. 0 where there is none. */
  readonly patch: number;
  /** Of `v1beta3`: 3. 0 where there is none. */
  readonly number: number;
}

/** The forms that buf (PACKAGE_VERSION_SUFFIX) and Google (AIP-185) know: v1, v1beta1, v2alpha, v1p1beta1, v1test, v1testing. */
const VERSION = /^v([1-9]\d{0,8})(?:(?:p([1-9]\d{0,8}))?(alpha|beta)([1-9]\d{0,8})?|(test)\w*)?$/;

/**
 * Takes a service's name, `package.Service`, apart. The version is the last part of the package that has the form of one, so that it may stand in the
 * middle, as in `acme.ads.v1.services.Ads`. Undefined: no part has.
 */
export function versionedService(service: string): VersionedService | undefined {
  const parts = service.split(".");
  for (let i = parts.length - 2; i >= 0; i--) {
    const version = parseVersion(parts[i] ?? "");
    if (version) return { family: parts.with(i, "*").join("."), version };
  }
  return undefined;
}

function parseVersion(text: string): ApiVersion | undefined {
  const match = VERSION.exec(text);
  if (!match) return undefined;
  const [, major, patch, stage, number, test] = match;
  const stability = (stage as "alpha" | "beta" | undefined) ?? (test === undefined ? "stable" : "test");
  return { stability, major: Number(major), patch: Number(patch ?? 0), number: Number(number ?? 0) };
}

const STABILITIES: readonly ApiVersion["stability"][] = ["stable", "beta", "alpha", "test"];

/**
 * Orders versions, the newest first: stable before beta before alpha before test, then by numbers, the greatest first: v2, v1, v2beta, v1beta2, v1beta1, v3alpha.
 * It is the order that Kubernetes has for versions of an API.
 */
export function compareVersions(a: ApiVersion, b: ApiVersion): number {
  return (
    STABILITIES.indexOf(a.stability) - STABILITIES.indexOf(b.stability) ||
    b.major - a.major ||
    b.patch - a.patch ||
    b.number - a.number
  );
}
