import { fromHex } from "./bytes.ts";
import { ReceiverError } from "./error.ts";
import { ZITADEL_SIGNATURE, duplicateHeader, readHeader } from "./headers.ts";
import { MAX_SIGNATURES, MAX_SIGNATURE_HEADER, SECONDS, type ReadSignedHead } from "./signature.ts";

/**
 * Reads ZITADEL's header, `t=<seconds>,v1=<hex>[,v1=<hex>]`, its parts in any order. Parts that are not known are passed over, and, as ZITADEL's own reader has
 * it, so is a `v1` that is no hexadecimal, as long as another one is.
 */
export const readZitadelSignature: ReadSignedHead = (headers) => {
  const text = readHeader(headers, ZITADEL_SIGNATURE, MAX_SIGNATURE_HEADER);
  if (text === undefined) return undefined;
  const parts = text.split(",").map((part): readonly [string, string] => {
    const [name = "", value, ...rest] = part.trim().split("=");
    if (name === "" || value === undefined || rest.length > 0) throw malformed('is not "t=SECONDS,v1=HEX"');
    return [name, value];
  });
  const valuesOf = (name: string) => parts.filter(([each]) => each === name).map(([, value]) => value);
  const [timestamp, ...others] = valuesOf("t");
  // Two headers that were joined: `t=1,v1=aa, t=2,v1=bb`.
  if (others.length > 0) throw duplicateHeader(ZITADEL_SIGNATURE);
  if (timestamp === undefined || !SECONDS.test(timestamp)) throw malformed("has no t that is a number of seconds");
  const given = valuesOf("v1");
  if (given.length > MAX_SIGNATURES)
    throw new ReceiverError("oversized", `The header ${ZITADEL_SIGNATURE} has more than ${MAX_SIGNATURES} signatures.`);
  const signatures = given.flatMap((hex) => {
    const bytes = fromHex(hex);
    return bytes?.length === 32 ? [{ algorithm: "hmac-sha256" as const, bytes }] : [];
  });
  if (signatures.length === 0) throw malformed("has no v1 that is 64 hexadecimal digits");
  return { id: undefined, timestamp, prefix: `${timestamp}.`, signatures };
};

function malformed(what: string): ReceiverError {
  return new ReceiverError("malformed", `The header ${ZITADEL_SIGNATURE} ${what}.`);
}
