import type { ReactNode } from "react";

/** A number that matters, and what is said of it. */
export interface Tile {
  readonly name: string;
  readonly value: ReactNode;
  readonly note?: ReactNode;
}

/** Numbers that matter, beside each other. */
export function Tiles({ tiles }: { readonly tiles: readonly Tile[] }) {
  return (
    <dl className="tiles">
      {tiles.map(({ name, value, note }) => (
        <div key={name} className="tile">
          <dt>{name}</dt>
          <dd>
            {value}
            {note && <p className="hint">{note}</p>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
