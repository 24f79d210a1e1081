/** One difference of two messages, as RunService, TryService and rehearsals tell it. Both as JSON; empty where there was nothing. */
export interface Difference {
  /** Where it is, such as order.lines[0].price. */
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

interface DiffViewProps {
  readonly differences: readonly Difference[];
  /** What was compared, such as "the request". */
  readonly what: string;
}

/** What changed in a message, path by path. */
export function DiffView({ differences, what }: DiffViewProps) {
  if (differences.length === 0) return <p className="hint">Nothing changed in {what}.</p>;
  return (
    <table className="diff">
      <caption className="only-read">What changed in {what}</caption>
      <thead>
        <tr>
          <th scope="col">Path</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>
        {differences.map(({ path, before, after }) => (
          <tr key={path}>
            <th scope="row">
              <code>{path === "" ? "(the whole)" : path}</code>
            </th>
            <td data-heading="Before">
              {before === "" ? <span className="hint">(nothing)</span> : <del>{before}</del>}
            </td>
            <td data-heading="After">{after === "" ? <span className="hint">(nothing)</span> : <ins>{after}</ins>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
