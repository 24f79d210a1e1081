/** A bar that grows on standard error, while something takes long. */
export interface Progress {
  /** So much of it is done. */
  done(count: number): void;
  /** Takes the bar away. */
  end(): void;
}

const WIDTH = 30;

/** A bar for `total` things. Where standard error is no terminal, it is not shown. */
export function startProgress(what: string, total: number, stream: NodeJS.WriteStream = process.stderr): Progress {
  if (!stream.isTTY) return { done: () => undefined, end: () => undefined };
  const show = (count: number): void => void stream.write(`\r${progressBar(what, count, total)}\x1b[K`);
  show(0);
  return { done: show, end: () => void stream.write("\r\x1b[K") };
}

/** One line: what is done, a bar, and how far it is. */
export function progressBar(what: string, count: number, total: number): string {
  const part = total === 0 ? 1 : Math.min(1, count / total);
  const filled = Math.round(part * WIDTH);
  return `${what} ${"█".repeat(filled)}${"░".repeat(WIDTH - filled)} ${count} of ${total}`;
}
