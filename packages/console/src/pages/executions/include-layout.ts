/** Which executions an execution includes, in their order, by id. */
export type Includes = ReadonlyMap<string, readonly string[]>;

/** Size of a node and the room between nodes, in pixels. */
export interface LayoutSizes {
  readonly width: number;
  readonly height: number;
  readonly gapX: number;
  readonly gapY: number;
}

/** A graph that is laid out: places of its nodes and lines between them, in pixels. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly { readonly id: string; readonly x: number; readonly y: number }[];
  readonly edges: readonly { readonly from: string; readonly to: string; readonly path: string }[];
}

/** How often each layer is ordered anew by the one beside it. */
const SWEEPS = 4;

/**
 * Lays executions out in layers, from left to right: each stands right of all that include it. Within a layer they stand by the middle of those that they are
 * joined to in the layer beside, which keeps lines from crossing. Whoever includes nothing and is not included is left out.
 */
export function layoutIncludes(includes: Includes, { width, height, gapX, gapY }: LayoutSizes): Layout {
  const edges = [...includes].flatMap(([from, ids]) => ids.map((to) => ({ from, to })));
  const layers = ordered(layersOf(includes), edges);
  const tallest = Math.max(0, ...layers.map(({ length }) => length));
  const total = Math.max(0, tallest * (height + gapY) - gapY);
  const nodes = layers.flatMap((ids, column) => {
    const own = ids.length * (height + gapY) - gapY;
    return ids.map((id, row) => ({ id, x: column * (width + gapX), y: (total - own) / 2 + row * (height + gapY) }));
  });
  const at = new Map(nodes.map((node) => [node.id, node]));
  return {
    width: Math.max(0, layers.length * (width + gapX) - gapX),
    height: total,
    nodes,
    edges: edges.flatMap((edge) => {
      const [from, to] = [at.get(edge.from), at.get(edge.to)];
      if (!from || !to) return [];
      const [x1, y1, x2, y2] = [from.x + width, from.y + height / 2, to.x, to.y + height / 2];
      const bend = gapX / 2;
      return [{ ...edge, path: `M ${x1} ${y1} C ${x1 + bend} ${y1}, ${x2 - bend} ${y2}, ${x2} ${y2}` }];
    }),
  };
}

/** The part of the graph that leads to an execution, and that it leads to. */
export function includesAround(includes: Includes, id: string): Includes {
  const includedBy = new Map<string, string[]>();
  for (const [from, ids] of includes) for (const to of ids) includedBy.set(to, [...(includedBy.get(to) ?? []), from]);
  const around = new Set([...reached(includes, id), ...reached(includedBy, id)]);
  return new Map(
    [...includes].filter(([from]) => around.has(from)).map(([from, ids]) => [from, ids.filter((to) => around.has(to))]),
  );
}

/** The way from an execution back to itself, by what it includes. Undefined: there is none. */
export function circleFrom(includes: Includes, id: string): readonly string[] | undefined {
  const seen = new Set<string>();
  function walk(at: string, way: readonly string[]): readonly string[] | undefined {
    for (const next of includes.get(at) ?? []) {
      if (next === id) return [...way, next];
      if (seen.has(next)) continue;
      seen.add(next);
      const found = walk(next, [...way, next]);
      if (found) return found;
    }
    return undefined;
  }
  return walk(id, [id]);
}

function reached(graph: Includes, start: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(start)) return seen;
  seen.add(start);
  for (const next of graph.get(start) ?? []) reached(graph, next, seen);
  return seen;
}

/** Ids by layer: the longest way from one that nobody includes. A line that closes a circle, which can only be about to be set, is left out of account. */
function layersOf(includes: Includes): readonly (readonly string[])[] {
  const ids = new Set([...includes].flatMap(([from, to]) => (to.length > 0 ? [from, ...to] : [])));
  const layerOf = new Map<string, number>();
  const isVisited = new Set<string>();
  const topological: string[] = [];
  const open = new Set<string>();
  const isClosing = new Set<string>();
  function visit(id: string): void {
    isVisited.add(id);
    open.add(id);
    for (const to of includes.get(id) ?? []) {
      if (open.has(to)) isClosing.add(`${id} ${to}`);
      else if (!isVisited.has(to)) visit(to);
    }
    open.delete(id);
    topological.unshift(id);
  }
  const included = new Set([...includes.values()].flat());
  for (const id of [...ids].sort((a, b) => Number(included.has(a)) - Number(included.has(b)) || (a < b ? -1 : 1)))
    if (!isVisited.has(id)) visit(id);
  for (const id of topological) {
    const own = layerOf.get(id) ?? 0;
    layerOf.set(id, own);
    for (const to of includes.get(id) ?? [])
      if (!isClosing.has(`${id} ${to}`)) layerOf.set(to, Math.max(layerOf.get(to) ?? 0, own + 1));
  }
  const layers: string[][] = [];
  for (const id of [...ids].sort()) (layers[layerOf.get(id) ?? 0] ??= []).push(id);
  return layers;
}

function ordered(
  layers: readonly (readonly string[])[],
  edges: readonly { readonly from: string; readonly to: string }[],
): readonly (readonly string[])[] {
  const result = [...layers];
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isForward = sweep % 2 === 0;
    const order = isForward ? result.keys() : [...result.keys()].reverse();
    for (const at of order) {
      const beside = new Map(result[at + (isForward ? -1 : 1)]?.map((id, place) => [id, place]));
      const middle = (id: string): number | undefined => {
        const places = edges.flatMap(({ from, to }) => {
          const other = isForward ? (to === id ? from : undefined) : from === id ? to : undefined;
          return other === undefined ? [] : (beside.get(other) ?? []);
        });
        return places.length === 0 ? undefined : places.reduce((sum, place) => sum + place, 0) / places.length;
      };
      const layer = result[at] ?? [];
      const keyed = layer.map((id, place) => ({ id, key: middle(id) ?? place }));
      result[at] = keyed.sort((a, b) => a.key - b.key).map(({ id }) => id);
    }
  }
  return result;
}
