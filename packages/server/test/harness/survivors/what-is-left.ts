import { getHeapSpaceStatistics } from "node:v8";
import { runInNewContext } from "node:vm";
import { parentPort } from "node:worker_threads";

const collect = runInNewContext("gc") as (options: { readonly type: "major" | "minor" }) => void;

const COUNT = 4_000;
/** How many are under way at any time. */
const AT_ONCE = 10;

/** Tells who started this thread how many bytes each of many calls leaves among the old objects, once all of them are over. */
export async function tellWhatIsLeftOf(call: () => Promise<unknown>): Promise<void> {
  const makeCalls = async (): Promise<void> => {
    let left = COUNT;
    const caller = async (): Promise<void> => {
      while (left-- > 0) {
        await call();
        if (left % 200 > 0) continue;
        // What is under way is old behind the second one. That is little; what comes after it must not become old as well for that.
        collect({ type: "minor" });
        collect({ type: "minor" });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, caller));
  };
  await makeCalls();
  // What the calls are under way on is old from here on, as it is in every server that has run for a while.
  collect({ type: "major" });
  const before = oldBytes();
  await makeCalls();
  parentPort?.postMessage((oldBytes() - before) / COUNT);
}

function oldBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === "old_space")?.space_used_size ?? Number.NaN;
}
