/** Lines that are written together. */
export interface LineBuffer {
  /** Adds a line with its end. */
  add(line: string): void;
  /** Writes what waits. */
  flush(): void;
}

/**
 * Gathers lines for at most `waitMs`, or until there are `enough` characters: a system call for each would be a good part of what a call costs. What waits when its process is killed is
 * lost, so a line that matters is followed by `flush()`.
 */
export function createLineBuffer(
  write: (text: string) => void,
  { waitMs, enough }: { readonly waitMs: number; readonly enough: number },
): LineBuffer {
  let text = "";
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (text === "") return;
    const full = text;
    text = "";
    write(full);
  }
  return {
    add(line) {
      text += line;
      if (text.length >= enough) flush();
      // It keeps no process alive: who ends one flushes.
      else timer ??= setTimeout(flush, waitMs).unref();
    },
    flush,
  };
}
