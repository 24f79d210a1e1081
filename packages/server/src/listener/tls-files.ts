import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { InterposeError } from "@interpose/engine";

/** Names of the files with the certificate chain and its private key, both as PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** A certificate chain and its private key, as PEM. */
export interface TlsPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/**
 * Reads both files. Throws `settings_invalid`, which names the setting, when one cannot be read or TLS cannot work with what stands in them. `setting`: path of the setting that names the
 * files.
 */
export async function readTlsFiles({ cert, key }: TlsFiles, setting = "tls"): Promise<TlsPair> {
  const files = { cert: await readPem(`${setting}.cert`, cert), key: await readPem(`${setting}.key`, key) };
  try {
    createSecureContext(files);
  } catch (error) {
    const text = `${setting}.cert, ${setting}.key: ${cert} and ${key} are no certificate chain with its private key, as PEM: ${(error as Error).message}.`;
    throw new InterposeError("settings_invalid", text, { cause: error });
  }
  return files;
}

/** Reads certificates of authorities from a file. Throws `settings_invalid`, which names the setting, when there are none. */
export async function readAuthorities(setting: string, path: string): Promise<string> {
  const text = (await readPem(setting, path)).toString();
  try {
    for (const [pem] of text.matchAll(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs))
      new X509Certificate(pem);
    if (!text.includes("-----BEGIN CERTIFICATE-----")) throw new Error("there is none in it");
  } catch (error) {
    const problem = `${setting}: ${path} holds no certificates as PEM: ${(error as Error).message}.`;
    throw new InterposeError("settings_invalid", problem, { cause: error });
  }
  return text;
}

async function readPem(setting: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new InterposeError("settings_invalid", `${setting}: ${(error as Error).message}.`, { cause: error });
  }
}
