/** Fails the test process, whatever else comes of what is wrong: for faults that are found where no test waits. */
export function fail(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}
