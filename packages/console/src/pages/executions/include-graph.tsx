import { Link } from "wouter";
import { executionWords, parseConditionId } from "../../components/condition.ts";
import { executionHref } from "../../components/links.tsx";
import { layoutIncludes, type Includes } from "./include-layout.ts";

const SIZES = { width: 232, height: 52, gapX: 56, gapY: 16 };
/** Room for the frame of a node, and for the point of an arrow, in pixels. */
const MARGIN = 4;
/** Most characters that a line of a node has room for. */
const MOST_CHARACTERS = 32;

interface IncludeGraphProps {
  readonly includes: Includes;
  /** Ids of what is set. What is included and is not stands for nothing. */
  readonly set: ReadonlySet<string>;
  /** The one that the page is about. */
  readonly ownId?: string;
}

/** Executions and what they include, as a picture whose nodes lead to them, and as a list for those who do not see it. */
export function IncludeGraph({ includes, set, ownId }: IncludeGraphProps) {
  const { width, height, nodes, edges } = layoutIncludes(includes, SIZES);
  const included = new Set([...includes.values()].flat());
  const roots = nodes.map(({ id }) => id).filter((id) => !included.has(id));
  return (
    <div className="includes">
      <div className="graph" tabIndex={0} role="region" aria-label="Picture of the includes, which can be scrolled">
        <svg
          width={width + 2 * MARGIN}
          height={height + 2 * MARGIN}
          viewBox={`${-MARGIN} ${-MARGIN} ${width + 2 * MARGIN} ${height + 2 * MARGIN}`}
          role="group"
          aria-label="Executions, with lines to what they include"
        >
          <defs>
            <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
              <path d="M 0 0 L 8 4 L 0 8 z" />
            </marker>
          </defs>
          {edges.map(({ from, to, path }) => (
            <path key={`${from} ${to}`} d={path} className="edge" markerEnd="url(#arrow)" />
          ))}
          {nodes.map(({ id, x, y }) => (
            <Link key={id} href={executionHref(id)}>
              <title>{`${executionWords(id)}${set.has(id) ? "" : ", not set"}`}</title>
              <g className={`node${id === ownId ? " own" : ""}${set.has(id) ? "" : " missing"}`}>
                <rect x={x} y={y} width={SIZES.width} height={SIZES.height} rx={6} />
                <text x={x + 12} y={y + 21} className="node-name">
                  {shortened(nameOf(id))}
                </text>
                <text x={x + 12} y={y + 39} className="node-where">
                  {set.has(id) ? shortened(whereOf(id)) : "not set: stands for nothing"}
                </text>
              </g>
            </Link>
          ))}
        </svg>
      </div>
      <details>
        <summary>The same as a list</summary>
        <IncludeList ids={roots} includes={includes} set={set} above={[]} />
      </details>
    </div>
  );
}

/** What each one includes, below it. One that stands above itself, in a circle that is about to be set, is not gone into again. */
function IncludeList({
  ids,
  includes,
  set,
  above,
}: {
  readonly ids: readonly string[];
  readonly includes: Includes;
  readonly set: ReadonlySet<string>;
  readonly above: readonly string[];
}) {
  return (
    <ul className="include-list">
      {ids.map((id) => {
        const below = above.includes(id) ? [] : (includes.get(id) ?? []);
        return (
          <li key={id}>
            <Link href={executionHref(id)}>{executionWords(id)}</Link>
            {!set.has(id) && <span className="hint"> (not set: it stands for nothing)</span>}
            {below.length > 0 && <IncludeList {...{ includes, set }} ids={below} above={[...above, id]} />}
          </li>
        );
      })}
    </ul>
  );
}

/** The part of a condition that tells it from others at a glance. */
function nameOf(id: string): string {
  const parts = parseConditionId(id);
  if (!parts) return id;
  if (parts.scope === "all") return `all ${parts.kind}s`;
  if (parts.scope === "group") return `${parts.name}.*`;
  return parts.name.slice(parts.name.lastIndexOf("/") + 1);
}

function whereOf(id: string): string {
  const parts = parseConditionId(id);
  if (parts?.scope === "service") return `${parts.kind}, whole service`;
  if (parts?.scope !== "method") return parts?.kind ?? "";
  return `${parts.kind}, ${parts.name.split("/")[0] ?? ""}`;
}

/** The end of a name says more than its beginning. */
function shortened(text: string): string {
  return text.length > MOST_CHARACTERS ? `…${text.slice(text.length - MOST_CHARACTERS + 1)}` : text;
}
