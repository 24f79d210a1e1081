import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Cleanup } from "./cleanup.ts";
import { temporaryDirectory } from "./server.ts";

/** A certificate for localhost that is its own authority, in files that go with the test. */
export interface TestCertificate {
  readonly certFile: string;
  readonly keyFile: string;
  /** The certificate as PEM, for clients to trust. */
  readonly ca: string;
}

/** Makes a certificate with the machine's openssl. */
export async function createCertificate(t: Cleanup): Promise<TestCertificate> {
  const directory = await temporaryDirectory(t);
  const [certFile, keyFile] = [join(directory, "cert.pem"), join(directory, "key.pem")];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", keyFile];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  await promisify(execFile)("openssl", ["req", "-x509", ...key, "-days", "2", "-out", certFile, ...names]);
  return { certFile, keyFile, ca: await readFile(certFile, "utf8") };
}
