import assert from "node:assert/strict";

/** A secret that a test has planted: its bytes, and what it is. */
export interface Planted {
  readonly what: string;
  readonly bytes: Buffer;
}

/** Where secrets are looked for. */
export interface Found {
  readonly where: string;
  readonly text: string;
}

/** A secret as a text. */
export function planted(what: string, text: string): Planted {
  return { what, bytes: Buffer.from(text) };
}

/** Secrets of a PEM: what it encodes, of which a part from the middle is enough to be known by. */
export function plantedPem(what: string, pem: string): Planted {
  const der = Buffer.from(pem.replace(/-----[^-]+-----/g, ""), "base64");
  return { what, bytes: der.subarray(-48, -8) };
}

/**
 * Asserts that no secret stands in any of the texts: as it is, in JSON, in base64 (of either alphabet, wherever in something longer that was encoded), in hex, or encoded for URLs and
 * forms. Texts of bytes are given as `latin1`.
 */
export function assertNonePlanted(secrets: readonly Planted[], found: readonly Found[]): void {
  for (const { where, text } of found) {
    const folded = text.toLowerCase();
    for (const { what, bytes } of secrets) {
      assert.ok(bytes.byteLength >= 8, `${what} is too short to be looked for`);
      const hit =
        formsOf(bytes).find((form) => text.includes(form)) ?? hexOf(bytes).find((form) => folded.includes(form));
      assert.equal(hit, undefined, `${where} has ${what}`);
    }
  }
}

function formsOf(bytes: Buffer): readonly string[] {
  const text = bytes.toString();
  const isText = Buffer.from(text).equals(bytes);
  const texts = isText
    ? [
        text,
        JSON.stringify(text).slice(1, -1),
        encodeURIComponent(text),
        new URLSearchParams({ "": text }).toString().slice(1),
      ]
    : [];
  // What base64 makes of bytes depends on how many stand before them; of what is left, the ends depend on what is beside them.
  const encoded = [0, 1, 2].flatMap((before) => {
    const skipped = (3 - before) % 3;
    const whole = bytes.subarray(skipped, bytes.byteLength - ((bytes.byteLength - skipped) % 3));
    return [whole.toString("base64"), whole.toString("base64url")];
  });
  return [...new Set([bytes.toString("latin1"), ...texts, ...encoded])];
}

function hexOf(bytes: Buffer): readonly string[] {
  const hex = bytes.toString("hex");
  return [hex, hex.replace(/..(?=.)/g, "$&:"), hex.replace(/../g, "%$&")];
}
