/** Decodes base64 as it comes in, with padding wherever its sender flushed, and holds no more than three characters back. */
export interface Base64Decoder {
  /** The bytes that are whole now. Throws what `fault` makes for what is not base64. */
  decode(chunk: Uint8Array): Buffer;
  /** The text has ended. Throws where a group of four characters was not whole. */
  end(): void;
}

/** A decoder of a text in base64 (RFC 4648, section 4), as bodies of application/grpc-web-text are. */
export function createBase64Decoder(fault: () => Error): Base64Decoder {
  let rest = "";
  return {
    decode(chunk) {
      const text = rest + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1");
      const whole = text.length - (text.length % 4);
      rest = text.slice(whole);
      return bytesOf(text.slice(0, whole), fault);
    },
    end() {
      if (rest !== "") throw fault();
    },
  };
}

function bytesOf(text: string, fault: () => Error): Buffer {
  const parts = text.match(/[^=]+={0,2}/g) ?? [];
  const isBase64 = parts.every((part) => part.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(part));
  if (!isBase64 || parts.join("").length < text.length) throw fault();
  return Buffer.concat(parts.map((part) => Buffer.from(part, "base64")));
}
