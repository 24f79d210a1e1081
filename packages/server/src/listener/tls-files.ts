import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { InterposeError } from "@interpose/engine";

/** Names of the files with the certificate chain and its private key, both as PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** Reads both files. Throws `settings_invalid`, which names the setting, when one cannot be read or TLS cannot work with what stands in them. */
export async function readTlsFiles({ cert, key }: TlsFiles): Promise<{ readonly cert: Buffer; readonly key: Buffer }> {
  const files = { cert: await read("tls.cert", cert), key: await read("tls.key", key) };
  try {
    createSecureContext(files);
  } catch (error) {
    const text = `tls.cert, tls.key: ${cert} and ${key} are no certificate chain with its private key, as PEM: ${(error as Error).message}.`;
    throw new InterposeError("settings_invalid", text, { cause: error });
  }
  return files;
}

async function read(setting: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new InterposeError("settings_invalid", `${setting}: ${(error as Error).message}.`, { cause: error });
  }
}
