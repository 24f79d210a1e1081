import { open } from "node:fs/promises";
import { DescriptorProblem } from "./problem.ts";

/** Reads a file that may not be larger than this. It is read to its limit only, whatever its size is said to be. Throws DescriptorProblem, or what Node throws. */
export async function readBounded(path: string, maxBytes: number): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(Math.min(maxBytes - size + 1, 64 * 1024)));
      if (bytesRead === 0) return Buffer.concat(chunks, size);
      size += bytesRead;
      if (size > maxBytes) throw new DescriptorProblem(`it is larger than ${maxBytes} bytes`);
      chunks.push(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
