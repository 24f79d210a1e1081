import type { DescField, DescService } from "@bufbuild/protobuf";
import { InterposeError } from "@interpose/engine";
import { routeFrom, rulesOf, type Route } from "./bindings.ts";
import { captureText, type TemplateSegment } from "./template.ts";

/** A value that a path gives to a field. */
export interface PathVariable {
  readonly fields: readonly DescField[];
  readonly text: string;
}

/** What a verb and a path lead to. */
export type RouteMatch =
  | { readonly kind: "found"; readonly route: Route; readonly variables: readonly PathVariable[] }
  | { readonly kind: "wrong_verb"; readonly allowed: readonly string[] }
  | { readonly kind: "not_found" };

/** All routes of some services. */
export interface Routes {
  readonly all: readonly Route[];
  /** Finds the route of a path without its query. Throws `bad_request` when the path has a malformed escape. */
  match(verb: string, path: string): RouteMatch;
}

/** A node of the tree of paths: what can follow, and what ends here, by custom verb and then by HTTP verb. */
interface Node {
  readonly literals: Map<string, Node>;
  single: Node | undefined;
  rest: Node | undefined;
  readonly ends: Map<string, Map<string, Route>>;
}

/** What is read of services that others wrote. */
export interface RoutesOptions {
  /** Told of each binding that cannot be used, in a sentence; the others are. Default: such a binding throws Error. */
  readonly onProblem?: (problem: string) => void;
  /** Whether letters in upper and lower case are the same in paths, as some servers have it. What a path gives to fields is in lower case then. */
  readonly ignoreCase?: boolean;
}

/**
 * Reads the `google.api.http` options of all methods, additional bindings included. A template or field path that is wrong, and two
 * bindings for the same verb and path, are problems, which name the methods.
 */
export function createRoutes(services: readonly DescService[], options: RoutesOptions = {}): Routes {
  const { onProblem, ignoreCase = false } = options;
  const folded = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
  const root = emptyNode();
  const all: Route[] = [];
  const add = (make: () => Route): void => {
    try {
      const route = make();
      insert(root, route, folded);
      all.push(route);
    } catch (error) {
      if (!onProblem) throw error;
      onProblem((error as Error).message);
    }
  };
  for (const method of services.flatMap(({ methods }) => methods)) {
    for (const rule of rulesOf(method)) add(() => routeFrom(method, rule));
  }
  return {
    all,
    match(verb, path) {
      const segments = folded(path.slice(1)).split("/");
      const allowed = new Set<string>();
      try {
        const route = path.startsWith("/") ? find(root, segments, 0, verb, allowed) : undefined;
        if (route) return { kind: "found", route, variables: variablesOf(route, segments) };
      } catch (error) {
        if (!(error instanceof URIError)) throw error;
        throw new InterposeError(
          "bad_request",
          "The path has a malformed percent escape. Write each as % and two hexadecimal digits.",
          { cause: undefined },
        );
      }
      return allowed.size > 0 ? { kind: "wrong_verb", allowed: [...allowed].sort() } : { kind: "not_found" };
    },
  };
}

function emptyNode(): Node {
  return { literals: new Map(), single: undefined, rest: undefined, ends: new Map() };
}

function insert(root: Node, route: Route, folded: (text: string) => string): void {
  let node = root;
  for (const segment of route.template.segments) node = child(node, segment, folded);
  const custom = folded(route.template.verb);
  const ends = node.ends.get(custom) ?? new Map<string, Route>();
  node.ends.set(custom, ends);
  const taken = ends.get(route.verb);
  if (taken) {
    const [a, b] = [taken, route].map(
      ({ method, template }) => `${method.parent.typeName}.${method.name} (${template.text})`,
    );
    throw new Error(`${a} and ${b} both answer ${route.verb} on the same paths`);
  }
  ends.set(route.verb, route);
}

function child(node: Node, segment: TemplateSegment, folded: (text: string) => string): Node {
  if (segment.kind === "single") return (node.single ??= emptyNode());
  if (segment.kind === "rest") return (node.rest ??= emptyNode());
  const literal = folded(segment.text);
  const existing = node.literals.get(literal) ?? emptyNode();
  node.literals.set(literal, existing);
  return existing;
}

/** Literals are tried before captures, and captures of one segment before those of many. Verbs of routes that have only the path right are noted. */
function find(
  node: Node,
  segments: readonly string[],
  at: number,
  verb: string,
  allowed: Set<string>,
): Route | undefined {
  const segment = segments[at];
  if (segment === undefined) return endOf(node, "", verb, allowed);
  const isLast = at === segments.length - 1;
  const colon = isLast ? segment.lastIndexOf(":") : -1;
  if (colon >= 0) {
    const custom = segment.slice(colon + 1);
    const route = followers(node, segment.slice(0, colon))
      .map((next) => endOf(next, custom, verb, allowed))
      .find(Boolean);
    if (route) return route;
  }
  for (const next of followers(node, segment)) {
    const route = next === node.rest ? endOf(next, "", verb, allowed) : find(next, segments, at + 1, verb, allowed);
    if (route) return route;
  }
  if (node.rest && !isLast) {
    const last = segments.at(-1) ?? "";
    const lastColon = last.lastIndexOf(":");
    const custom = lastColon < 0 ? undefined : endOf(node.rest, last.slice(lastColon + 1), verb, allowed);
    return custom ?? endOf(node.rest, "", verb, allowed);
  }
  return undefined;
}

/** The nodes that can follow on a segment, the most specific first. An empty segment is no value. */
function followers(node: Node, segment: string): readonly Node[] {
  const literal = node.literals.get(decodeURIComponent(segment));
  return [literal, ...(segment === "" ? [] : [node.single, node.rest])].filter((next) => next !== undefined);
}

function endOf(node: Node, custom: string, verb: string, allowed: Set<string>): Route | undefined {
  const ends = node.ends.get(custom);
  if (!ends) return undefined;
  for (const each of ends.keys()) allowed.add(each);
  return ends.get(verb) ?? ends.get("*");
}

function variablesOf({ template, variableFields }: Route, segments: readonly string[]): readonly PathVariable[] {
  const last = segments.at(-1) ?? "";
  const plain = template.verb === "" ? segments : [...segments.slice(0, -1), last.slice(0, -template.verb.length - 1)];
  return template.variables.map((variable, i) => ({
    fields: variableFields[i] ?? [],
    text: captureText(variable, template, plain),
  }));
}
