/**
 * Headers of all that the console consists of. It runs its own scripts and styles alone, speaks to its own server and to the issuer that people sign in
 * with, and stands in no frame. `issuerUrls`: URLs whose origins it may speak to.
 */
export function securityHeaders(issuerUrls: readonly string[]): Readonly<Record<string, string>> {
  const origins = [...new Set(issuerUrls.map((url) => new URL(url).origin))];
  const policy = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": ["'self'", ...origins].join(" "),
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
  };
  return {
    "content-security-policy": Object.entries(policy)
      .map(([directive, sources]) => `${directive} ${sources}`)
      .join("; "),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
  };
}
