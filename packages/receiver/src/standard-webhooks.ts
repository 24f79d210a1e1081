import { fromBase64 } from "./bytes.ts";
import { ReceiverError } from "./error.ts";
import { WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP, duplicateHeader, readHeader } from "./headers.ts";
import { MAX_SIGNATURES, MAX_SIGNATURE_HEADER, SECONDS, type ReadSignedHead, type Signature } from "./signature.ts";

/** Reads the headers of Standard Webhooks; unsigned ones are none. Signatures of versions that are not known are passed over. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export const readStandardWebhooks: ReadSignedHead = (headers) => {
  const signed = readHeader(headers, WEBHOOK_SIGNATURE, MAX_SIGNATURE_HEADER);
  if (signed === undefined) return undefined;
  const id = readHeader(headers, WEBHOOK_ID, 256);
  if (id === undefined) throw missing(WEBHOOK_ID);
  if (id.includes(",")) throw duplicateHeader(WEBHOOK_ID);
  if (!/^[!-~]+$/.test(id)) throw malformed(`${WEBHOOK_ID} has characters that no id has`);
  const timestamp = readHeader(headers, WEBHOOK_TIMESTAMP, 64);
  if (timestamp === undefined) throw missing(WEBHOOK_TIMESTAMP);
  if (/^\d+(?: *, *\d+)+$/.test(timestamp)) throw duplicateHeader(WEBHOOK_TIMESTAMP);
  if (!SECONDS.test(timestamp)) throw malformed(`${WEBHOOK_TIMESTAMP} is not a number of seconds`);
  return { id, timestamp, prefix: `${id}.${timestamp}.`, signatures: readSignatures(signed) };
};

/** Length of a signature in bytes, by its version. */
const VERSIONS = {
  v1: { algorithm: "hmac-sha256", length: 32 },
  v1a: { algorithm: "ed25519", length: 64 },
} as const;

function readSignatures(text: string): readonly Signature[] {
  const entries = text.split(" ").filter((entry) => entry !== "");
  if (entries.length > MAX_SIGNATURES)
    throw new ReceiverError("oversized", `The header ${WEBHOOK_SIGNATURE} has more than ${MAX_SIGNATURES} signatures.`);
  const signatures = entries.flatMap((entry) => {
    const [version = "", encoded, ...rest] = entry.split(",");
    if (encoded === undefined || version === "") throw malformed(`${WEBHOOK_SIGNATURE} is not "v1,BASE64 v1,BASE64 …"`);
    // Two headers that were joined: `v1,AAA=, v1,BBB=`.
    if (rest.length > 0) throw duplicateHeader(WEBHOOK_SIGNATURE);
    if (version !== "v1" && version !== "v1a") return [];
    const { algorithm, length } = VERSIONS[version];
    const bytes = fromBase64(encoded);
    if (bytes?.length !== length)
      throw malformed(`${WEBHOOK_SIGNATURE} has a ${version} that is not the base64 of ${length} bytes`);
    return [{ algorithm, bytes }];
  });
  if (signatures.length === 0) throw malformed(`${WEBHOOK_SIGNATURE} has no signature of the versions v1 and v1a`);
  return signatures;
}

function missing(name: string): ReceiverError {
  return new ReceiverError("missing", `The header ${name} is not there, which ${WEBHOOK_SIGNATURE} needs.`);
}

function malformed(what: string): ReceiverError {
  return new ReceiverError("malformed", `The header ${what}.`);
}
