/**
 * The paths that some servers take a path for, beside itself, without its query. They take escapes apart before they look for segments (grpc-gateway) and leave malformed
 * ones as they are (Envoy), leave out slashes that are double or at the end (ASP.NET, Express), go up at dots and cut off what is behind "#" (all that have a parser of URLs),
 * take what follows two slashes for a host (the same), a backslash for a slash, and cut off parameters of segments (Java's servlets).
 */
export function otherSpellings(path: string): readonly string[] {
  const [plain = ""] = path.split("#", 1);
  const readable = plain.includes("%") ? unescaped(plain) : plain;
  const segments = resolved(readable);
  const all = new Set([escaped(readable.split("/")), `/${escaped(segments)}`]);
  if (/^[/\\]{2}/.test(plain)) all.add(`/${escaped(segments.slice(1))}`);
  all.delete(path);
  return [...all];
}

function unescaped(path: string): string {
  return path.replace(/(%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}

function escaped(segments: readonly string[]): string {
  return segments.map((segment) => encodeURIComponent(segment.toWellFormed()).replaceAll("%3A", ":")).join("/");
}

/** The segments that are left of a path. */
function resolved(path: string): readonly string[] {
  const segments: string[] = [];
  for (const each of path.split(/[/\\]/)) {
    const [segment = ""] = each.split(";", 1);
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  return segments;
}
