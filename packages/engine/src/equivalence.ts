import { compareVersions, versionedService, type ApiVersion } from "./api-version.ts";
import type { MethodScope } from "./condition.ts";

/** Methods that have another name in some versions of their service: the name in all versions, by the family and the name that differs. */
const RENAMED: Readonly<Record<string, string>> = {
  // v3alpha has GetTargetByID, v2beta and v2 have GetTarget.
  "zitadel.action.*.ActionService/GetTargetByID": "zitadel.action.*.ActionService/GetTarget",
};

/** What a method or a service has in common with its equivalents in other versions, and the version that it is of. */
export interface EquivalenceClass {
  /** The same for all equivalents, and for nothing else. */
  readonly key: string;
  readonly version: ApiVersion;
}

/** The class of a method or a service; undefined where there is no version in the package's name, and nothing that it could be equivalent to. */
export function equivalenceClass(scope: MethodScope): EquivalenceClass | undefined {
  if (scope.kind === "all") return undefined;
  const found = versionedService(scope.service);
  if (!found) return undefined;
  const { family, version } = found;
  return { key: scope.kind === "service" ? family : equivalentMethodKey(family, scope.method), version };
}

/** The key of a method's class. `family` is its service's. */
export function equivalentMethodKey(family: string, method: string): string {
  const key = `${family}/${method}`;
  return Object.hasOwn(RENAMED, key) ? (RENAMED[key] ?? key) : key;
}

/** Whether two methods, or two services, are the same one in different versions of their package. */
export function areEquivalent(a: MethodScope, b: MethodScope): boolean {
  if (a.kind === "all" || a.kind !== b.kind || a.service === b.service) return false;
  const key = equivalenceClass(a)?.key;
  return key !== undefined && key === equivalenceClass(b)?.key;
}

/** What the order among equivalents looks at. */
export interface OrderedEquivalent {
  readonly version: ApiVersion;
  readonly executionId: string;
}

/** The order of equivalents of one class: that of the newest version first; of one version, by the text of their ids. */
export function compareEquivalents(a: OrderedEquivalent, b: OrderedEquivalent): number {
  return compareVersions(a.version, b.version) || (a.executionId < b.executionId ? -1 : 1);
}
