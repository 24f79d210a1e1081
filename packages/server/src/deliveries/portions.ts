type Work = () => void;

/** What waits of one kind. */
interface Line {
  works: Work[];
  /** How many of them were begun. */
  begun: number;
}

/**
 * Does work at once as long as there is little of it, and what is too much for one turn of the event loop in the turns that follow: all else of the process has its turn in
 * between. Work of one kind (`of`) is done in its order, and kinds take turns, so that what comes alone does not wait behind much of another kind.
 */
export function createPortions(mostInATurn: () => number): (of: object, work: Work) => void {
  const lineOf = new WeakMap<object, Line>();
  /** Those in which something waits, in the order of their turns. */
  const lines: Line[] = [];
  let done = 0;

  function begin(work: Work): void {
    if (done++ === 0) setImmediate(nextTurn);
    work();
  }

  function nextTurn(): void {
    done = 0;
    while (done < mostInATurn()) {
      const line = lines.shift();
      if (line === undefined) break;
      const work = line.works[line.begun++];
      if (line.begun < line.works.length) lines.push(line);
      else [line.works, line.begun] = [[], 0];
      if (work) begin(work);
    }
  }

  return (of, work) => {
    if (done < mostInATurn() && lines.length === 0) {
      begin(work);
      return;
    }
    let line = lineOf.get(of);
    if (line === undefined) lineOf.set(of, (line = { works: [], begun: 0 }));
    if (line.works.length === 0) lines.push(line);
    line.works.push(work);
  };
}
