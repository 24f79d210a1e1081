import { createPublicKey } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  SigningKeyKind,
  type RotateSigningKeyRequest,
  type RotateSigningKeyResponseSchema,
  type SigningKeySchema,
} from "@interpose/protocol/gen/interpose/v1/target_service_pb";
import type { RotatedSigningKey, SigningKeyRotation } from "../../commands/signing-keys.ts";
import type { SigningAlgorithm, StoredSigningKey } from "../../store/sql/signing-key-row.ts";
import { msFromDuration } from "../duration.ts";

const DEFAULT_GRACE_MS = 24 * 3_600_000;

const ALGORITHMS: Readonly<Record<SigningKeyKind, SigningAlgorithm>> = {
  [SigningKeyKind.UNSPECIFIED]: "hmac",
  [SigningKeyKind.HMAC]: "hmac",
  [SigningKeyKind.ED25519]: "ed25519",
};

const KINDS: Readonly<Record<SigningAlgorithm, SigningKeyKind>> = {
  hmac: SigningKeyKind.HMAC,
  ed25519: SigningKeyKind.ED25519,
};

/** How a signing key is replaced, as it is asked for. */
export function rotationFromProto({
  kind,
  grace,
}: Pick<RotateSigningKeyRequest, "kind" | "grace">): SigningKeyRotation {
  return { algorithm: ALGORITHMS[kind], graceMs: grace ? msFromDuration(grace) : DEFAULT_GRACE_MS };
}

/** A new signing key, as it is shown this once. */
export function rotatedKeyToProto({
  key,
  text,
}: RotatedSigningKey): MessageInitShape<typeof RotateSigningKeyResponseSchema> {
  return { key: signingKeyToProto(key), secret: text ?? "" };
}

/** A signing key, as it is listed. */
export function signingKeyToProto({
  id,
  algorithm,
  publicKey,
  createdAt,
  expiresAt,
}: StoredSigningKey): MessageInitShape<typeof SigningKeySchema> {
  return {
    id,
    kind: KINDS[algorithm],
    createTime: timestampFromDate(createdAt),
    ...(expiresAt && { expireTime: timestampFromDate(expiresAt) }),
    ...(publicKey && { publicKey: pemOf(publicKey) }),
  };
}

function pemOf(der: Uint8Array): string {
  return createPublicKey({ key: Buffer.from(der), format: "der", type: "spki" }).export({
    type: "spki",
    format: "pem",
  }) as string;
}
