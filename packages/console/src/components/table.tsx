import type { ReactNode } from "react";

/** A column: its heading, and what stands in it for a row. */
export interface Column<Row> {
  readonly heading: string;
  readonly cell: (row: Row) => ReactNode;
  /** Numbers stand at the right. */
  readonly align?: "end";
}

interface TableProps<Row> {
  /** What the table lists; screen readers say it. */
  readonly caption: string;
  /** The first names the row. On narrow screens each row becomes a card, with headings beside the cells. */
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** Fetches the next page. Absent: this is all there is. */
  readonly more?: { readonly load: () => unknown; readonly isLoading: boolean } | undefined;
}

/** A list, page by page. */
export function Table<Row>({ caption, columns, rows, keyOf, more }: TableProps<Row>) {
  return (
    <>
      <table>
        <caption className="only-read">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ heading, align }) => (
              <th key={heading} scope="col" className={align}>
                {heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ heading, cell, align }, at) =>
                at === 0 ? (
                  <th key={heading} scope="row">
                    {cell(row)}
                  </th>
                ) : (
                  <td key={heading} data-heading={heading} className={align}>
                    {cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {more && (
        <p className="more">
          <button type="button" className="button" disabled={more.isLoading} onClick={() => void more.load()}>
            {more.isLoading ? "Loading …" : "Show more"}
          </button>
        </p>
      )}
    </>
  );
}
