import type { JWTPayload } from "jose";

/** The claim of a token that a path names: the claim of that very name, or, where there is none, the one that its dots lead to through objects. */
export function claimAt(claims: JWTPayload, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  return path.split(".").reduce<unknown>((value, key) => {
    return typeof value === "object" && value !== null && Object.hasOwn(value, key)
      ? (value as Record<string, unknown>)[key]
      : undefined;
  }, claims);
}
