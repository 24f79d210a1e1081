import { X509Certificate } from "node:crypto";
import { stat } from "node:fs/promises";
import { gatewaysOf } from "../../hosts/gateway/gateways.ts";
import { readAuthorities, readTlsFiles, type TlsFiles } from "../../listener/tls-files.ts";
import type { Check } from "./check.ts";
import { ok, problem, warning, type Finding } from "./finding.ts";
import { octal } from "./settings.ts";
import { reasonOf, spanOf } from "./words.ts";

const DAY_MS = 86_400_000;
/** A certificate that has less time left should have been replaced. */
const SOON_MS = 21 * DAY_MS;
/** Access of users that are neither the owner nor of the group. */
const OTHERS = 0o007;

/** The files of TLS: whether they can be read, fit one another, and how long they are valid. */
export const tls: Check = {
  name: "tls",
  needs: "settings",
  run: async ({ settings }) => {
    const gateways = gatewaysOf(settings);
    const pairs: (readonly [string, TlsFiles])[] = [
      ...(settings.tls ? [["tls", settings.tls] as const] : []),
      ...gateways.flatMap((each) => (each.tls ? [[`gateway ${each.name}: tls`, each.tls] as const] : [])),
    ];
    const authorities = gateways.flatMap(({ name, upstreamCa }) =>
      upstreamCa === undefined ? [] : [[`gateway ${name}: upstreamCa`, upstreamCa] as const],
    );
    if (pairs.length + authorities.length === 0) return [ok("TLS is not used.")];
    const found = await Promise.all([
      ...pairs.map(([setting, files]) => findingsOfPair(setting, files)),
      ...authorities.map(async ([setting, path]) => [
        await readAuthorities(setting, path).then(
          () => ok(`${setting}: ${path} has authorities.`),
          (error: unknown) =>
            problem(`${reasonOf(error)}.`, "The start refuses it: name a file with certificates as PEM."),
        ),
      ]),
    ]);
    return found.flat();
  },
};

async function findingsOfPair(setting: string, files: TlsFiles): Promise<readonly Finding[]> {
  try {
    const { cert } = await readTlsFiles(files, setting);
    const { mode } = await stat(files.key);
    const open =
      process.platform !== "win32" && (mode & OTHERS) !== 0
        ? [
            warning(
              `${setting}.key: all users can get at ${files.key} (mode ${octal(mode)}).`,
              `Run "chmod 600 ${files.key}".`,
            ),
          ]
        : [];
    return [validity(`${setting}.cert`, new X509Certificate(cert), Date.now()), ...open];
  } catch (error) {
    return [problem(`${reasonOf(error)}.`, "The start refuses it: name a certificate chain and its private key.")];
  }
}

/** Whether a certificate is valid at a time, in milliseconds since 1970, and for long enough. */
export function validity(
  setting: string,
  { validFrom, validTo }: Pick<X509Certificate, "validFrom" | "validTo">,
  now: number,
): Finding {
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  const mend = "Replace the certificate, and start the server anew.";
  if (now < from) return problem(`${setting}: is not valid before ${new Date(from).toISOString()}.`, mend);
  if (now >= to) return problem(`${setting}: has expired ${spanOf(now - to)} ago.`, mend);
  if (to - now < SOON_MS) return warning(`${setting}: expires in ${spanOf(to - now)}.`, mend);
  return ok(`${setting}: is valid for ${spanOf(to - now)}.`);
}
