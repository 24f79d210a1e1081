/**
 * Does work at once as long as there is little of it, and what is too much for one turn of the event loop in the turns that follow, in its order: all else of the process
 * has its turn in between.
 */
export function createPortions(mostInATurn: number): (work: () => void) => void {
  let waiting: (() => void)[] = [];
  let done = 0;

  function begin(work: () => void): void {
    if (done++ === 0) setImmediate(nextTurn);
    work();
  }

  function nextTurn(): void {
    done = 0;
    const portion = waiting.slice(0, mostInATurn);
    waiting = waiting.slice(mostInATurn);
    for (const work of portion) begin(work);
  }

  return (work) => {
    if (done < mostInATurn && waiting.length === 0) begin(work);
    else waiting.push(work);
  };
}
