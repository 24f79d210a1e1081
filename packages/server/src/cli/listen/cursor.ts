/** Up to where in a log everything is done, while things are done in any order. */
export interface Cursor {
  /** A place has come, behind all before. What is answered says that it is done. */
  begin(position: bigint): () => void;
  /** Up to here everything is done. */
  position(): bigint | undefined;
  /** How much has come and is not done. */
  undone(): number;
}

/** A cursor that begins at a place, or nowhere yet. */
export function createCursor(at: bigint | undefined): Cursor {
  let position = at;
  let undone = 0;
  /** In the order in which they came. */
  const places: { readonly position: bigint; isDone: boolean }[] = [];
  return {
    begin(place) {
      const entry = { position: place, isDone: false };
      places.push(entry);
      undone++;
      return () => {
        if (entry.isDone) return;
        entry.isDone = true;
        undone--;
        const end = places.findIndex(({ isDone }) => !isDone);
        const done = places.splice(0, end === -1 ? places.length : end);
        position = done.at(-1)?.position ?? position;
      };
    },
    position: () => position,
    undone: () => undone,
  };
}
