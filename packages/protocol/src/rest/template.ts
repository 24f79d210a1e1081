/** One part between slashes of a template: a fixed text, any one segment, or all that is left. */
export type TemplateSegment =
  { readonly kind: "literal"; readonly text: string } | { readonly kind: "single" } | { readonly kind: "rest" };

/** A field that takes its value from the path. */
export interface TemplateVariable {
  /** Names from the request message inward, as the template spells them. */
  readonly fieldPath: readonly string[];
  /** First segment that it covers, and the one behind the last. */
  readonly from: number;
  readonly to: number;
  /** Whether it may cover more than one segment of a path. */
  readonly isMulti: boolean;
}

/** A path template of `google.api.http`, whose grammar stands in google/api/http.proto. */
export interface PathTemplate {
  readonly text: string;
  readonly segments: readonly TemplateSegment[];
  readonly variables: readonly TemplateVariable[];
  /** Custom verb behind the last segment (`:revoke`), without its colon; empty for none. */
  readonly verb: string;
}

/** Reads a template. Throws Error naming what is wrong: templates are part of a program, not input. */
export function parseTemplate(text: string): PathTemplate {
  const fail = (what: string): never => {
    throw new Error(`the path template "${text}" ${what}`);
  };
  if (!text.startsWith("/")) fail('does not begin with "/"');
  const verbAt = text.indexOf(":", Math.max(text.lastIndexOf("/"), text.lastIndexOf("}")));
  const verb = verbAt < 0 ? "" : text.slice(verbAt + 1);
  if (verbAt >= 0 && !/^[A-Za-z0-9_.~-]+$/.test(verb)) fail("has no name behind its colon");
  const segments: TemplateSegment[] = [];
  const variables: TemplateVariable[] = [];
  // The root alone is a path whose one segment is empty.
  if (text === "/") return { text, segments: [{ kind: "literal", text: "" }], variables, verb };
  for (const part of splitOutsideBraces(text.slice(1, verbAt < 0 ? undefined : verbAt))) {
    const [, fieldPath, pattern] = /^\{([A-Za-z_][A-Za-z0-9_.]*)(?:=(.+))?\}$/.exec(part) ?? [];
    if (fieldPath === undefined) {
      segments.push(segmentFrom(part) ?? fail(`has a segment "${part}" that is none`));
      continue;
    }
    const from = segments.length;
    const inner = (pattern ?? "*")
      .split("/")
      .map((each) => segmentFrom(each) ?? fail(`has a pattern "${each}" that is none`));
    segments.push(...inner);
    const isMulti = inner.length > 1 || inner.some(({ kind }) => kind === "rest");
    variables.push({ fieldPath: fieldPath.split("."), from, to: segments.length, isMulti });
  }
  if (segments.slice(0, -1).some(({ kind }) => kind === "rest")) fail('has "**" before its last segment');
  return { text, segments, variables, verb };
}

function splitOutsideBraces(text: string): readonly string[] {
  return text.split(/\/(?![^{]*\})/);
}

function segmentFrom(text: string): TemplateSegment | undefined {
  if (text === "*") return { kind: "single" };
  if (text === "**") return { kind: "rest" };
  return /^[^{}*:]+$/.test(text) ? { kind: "literal", text } : undefined;
}

/**
 * The text that a variable takes from a path, given its raw segments. Throws URIError for a malformed escape. In a variable of several
 * segments "%2F" stays as it is, since it would otherwise be taken for a border of segments (google/api/http.proto).
 */
export function captureText(variable: TemplateVariable, template: PathTemplate, segments: readonly string[]): string {
  const reachesEnd = variable.to === template.segments.length;
  const covered = segments.slice(variable.from, reachesEnd ? undefined : variable.to);
  if (!variable.isMulti) return covered.map(decodeURIComponent).join("/");
  return covered
    .map((segment) =>
      segment
        .split(/(%2F)/i)
        .map((part) => (/^%2F$/i.test(part) ? part : decodeURIComponent(part)))
        .join(""),
    )
    .join("/");
}
