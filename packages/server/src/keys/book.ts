import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { SigningKey, TargetCredentials, TokenSigner } from "@interpose/caller";
import type { StoredInstanceKey } from "../store/sql/instance-key-row.ts";
import type { ActivePublicKey, LoadedKeys, SealedOutbound } from "../store/sql/load-keys.ts";
import type { SealedSigningKey } from "../store/sql/signing-key-row.ts";
import {
  mergedOutbound,
  NO_INSTANCE_OUTBOUND,
  openInstanceOutbound,
  openTargetOutbound,
  sendsAnything,
  type InstanceOutbound,
  type TargetOutbound,
} from "./outbound.ts";
import { instanceKeyPlace, instanceOutboundPlace, signingKeyPlace, targetOutboundPlace } from "./places.ts";
import type { SealPlace, Vault } from "./vault.ts";

/** How long a key of the instance is served after it has signed for the last time. What it signed can be verified for so long. */
export const SERVED_AFTER_MS = 30 * 24 * 3_600_000;

/** Stands in the place of a key's id for what is sent beside payloads. */
const OUTBOUND = "outbound";

/** What a book is made of. */
export interface KeyBookParts {
  readonly vault: Vault;
  readonly instanceId: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told once of each key that cannot be used. No secret is among it. */
  readonly onUnreadable: (key: UnreadableKey) => void;
}

/** A key that cannot be used, or what else is sealed for calls. */
export interface UnreadableKey {
  /** Undefined for what is of the instance. */
  readonly targetId?: string;
  /** `outbound` for what is sent beside payloads. */
  readonly keyId: string;
  readonly reason: string;
}

/** The keys in force on this node, opened. */
export interface KeyBook {
  /** Takes in what was loaded. */
  update(keys: LoadedKeys): void;
  /**
   * What calls of a target at an endpoint need. Undefined: there is no such target. Throws where a key that should sign cannot be opened, or what should be sent along: then the call
   * must not be made, since its target would take it for somebody else's. A run may still know another endpoint than the target has by now: what is the instance's goes by the one that is
   * called, and for a target that is sent anything of its own, which was not given for that one, it throws.
   */
  credentialsOf(targetId: string, endpoint: string): TargetCredentials | undefined;
  /** How tokens are signed now. Undefined: there is no key that could. */
  tokenSigner(): TokenSigner | undefined;
  /** The public keys by which tokens of now and of the past can be verified. */
  publicJwks(): readonly StoredInstanceKey["publicJwk"][];
}

/** Something that is good until a time. */
interface Until<T> {
  /** Undefined: it cannot be opened. */
  readonly value: T | undefined;
  /** Milliseconds since 1970; Infinity for ever. */
  readonly until: number;
}

/** A target's keys and what it is sent, and what calls are given of them for now. */
interface Page {
  readonly signing: readonly Until<SigningKey>[];
  readonly encryption: Until<NonNullable<TargetCredentials["encryptionKey"]>> | undefined;
  readonly endpoint: string;
  /** Undefined: it cannot be opened. */
  readonly own: TargetOutbound | undefined;
  /** Undefined: something that calls must have cannot be opened. */
  current: TargetCredentials | undefined;
  /** When something of it is over. */
  until: number;
}

/** A key of the instance. */
interface InstanceKey extends Until<TokenSigner> {
  readonly publicJwk: StoredInstanceKey["publicJwk"];
}

/**
 * Makes an empty book. Sealed values are opened when they are loaded, never for a call: that compares a time with the one at which the next key of its target is over.
 */
export function createKeyBook({ vault, instanceId, now, onUnreadable }: KeyBookParts): KeyBook {
  const pages = new Map<string, Page>();
  let instanceKeys: readonly InstanceKey[] = [];
  /** As it was loaded, and opened. Undefined: it cannot be. */
  let sealedShared: Uint8Array | null = null;
  let shared: InstanceOutbound | undefined = NO_INSTANCE_OUTBOUND;
  const told = new Set<string>();

  function opened<T>(key: { readonly targetId?: string; readonly id: string }, open: () => T): T | undefined {
    try {
      return open();
    } catch (error) {
      const { targetId, id: keyId } = key;
      const mark = `${targetId ?? ""} ${keyId}`;
      if (!told.has(mark)) {
        told.add(mark);
        onUnreadable({ ...(targetId !== undefined && { targetId }), keyId, reason: (error as Error).message });
      }
      return undefined;
    }
  }

  function signingKey(key: SealedSigningKey): Until<SigningKey> {
    const place = signingKeyPlace(instanceId, key.targetId, key.id);
    const value = opened(key, (): SigningKey => {
      const secret = vault.open(key.sealed, place);
      return key.algorithm === "hmac"
        ? { kind: "hmac", secret: secret.toString() }
        : { kind: "ed25519", privateKey: privateKeyFrom(secret) };
    });
    return { value, until: untilOf(key.expiresAt) };
  }

  function encryptionKey(key: ActivePublicKey): NonNullable<Page["encryption"]> {
    const value = opened(key, () => ({ id: key.id, publicKey: createPublicKey(key.pem) }));
    return { value, until: untilOf(key.expiresAt) };
  }

  function tokenSignerOf(id: string, sealed: Uint8Array, place: SealPlace): TokenSigner | undefined {
    return opened({ id }, () => ({
      keyId: id,
      algorithm: "RS256" as const,
      privateKey: privateKeyFrom(vault.open(sealed, place)),
    }));
  }

  function ownOutbound({ targetId, sealed }: SealedOutbound): TargetOutbound | undefined {
    const place = targetOutboundPlace(instanceId, targetId);
    return opened({ targetId, id: OUTBOUND }, () => openTargetOutbound(vault, place, sealed));
  }

  /** Every target may be sent something else after it. */
  function share(sealed: Uint8Array | null): void {
    if (isDeepStrictEqual(sealed, sealedShared)) return;
    sealedShared = sealed;
    shared = opened({ id: OUTBOUND }, () => openInstanceOutbound(vault, instanceOutboundPlace(instanceId), sealed));
    for (const page of pages.values()) page.until = Number.NEGATIVE_INFINITY;
  }

  return {
    update({ targetIds, signingKeys, publicKeys, outbound, instanceKeys: ofInstance, instanceOutbound }) {
      if (targetIds) for (const id of targetIds) pages.delete(id);
      else pages.clear();
      const ofTarget = Map.groupBy(signingKeys, ({ targetId }) => targetId);
      const activeOf = new Map(publicKeys.map((key) => [key.targetId, key]));
      for (const each of outbound) {
        const active = activeOf.get(each.targetId);
        pages.set(each.targetId, {
          signing: (ofTarget.get(each.targetId) ?? []).map(signingKey),
          encryption: active && encryptionKey(active),
          endpoint: each.endpoint,
          own: ownOutbound(each),
          current: undefined,
          until: Number.NEGATIVE_INFINITY,
        });
      }
      share(instanceOutbound);
      const before = new Map(instanceKeys.map((key) => [key.publicJwk.kid, key.value]));
      instanceKeys = ofInstance.map(({ id, sealed, publicJwk, retiredAt }) => ({
        value: before.get(id) ?? tokenSignerOf(id, sealed, instanceKeyPlace(instanceId, id)),
        publicJwk,
        until: untilOf(retiredAt),
      }));
    },

    credentialsOf(targetId, endpoint) {
      const page = pages.get(targetId);
      if (!page) return undefined;
      const at = now();
      if (at >= page.until) refresh(page, shared, at);
      if (!page.current) throw new Error(`something that calls of target ${targetId} need cannot be opened`);
      return endpoint === page.endpoint ? page.current : atFormerEndpoint(page, shared, endpoint);
    },

    tokenSigner() {
      const at = now();
      return instanceKeys.find(({ until }) => at < until)?.value;
    },

    publicJwks() {
      const at = now();
      return instanceKeys.filter(({ until }) => at < until + SERVED_AFTER_MS).map(({ publicJwk }) => publicJwk);
    },
  };
}

/** Puts together what calls are given from now on, and says for how long. */
function refresh(page: Page, shared: InstanceOutbound | undefined, at: number): void {
  const signing = page.signing.filter(({ until }) => at < until);
  const encryption = page.encryption && at < page.encryption.until ? page.encryption : undefined;
  const signingKeys = signing.flatMap(({ value }) => (value ? [value] : []));
  const outbound = outboundOf(page, shared);
  page.current =
    outbound && signingKeys.length === signing.length
      ? { signingKeys, encryptionKey: encryption?.value, ...outbound }
      : undefined;
  page.until = Math.min(Infinity, ...signing.map(({ until }) => until), encryption?.until ?? Infinity);
}

/** What a call is given that still goes where its target was before. Throws for a target that is sent anything of its own: whoever gave that did not mean this endpoint. */
function atFormerEndpoint(page: Page, shared: InstanceOutbound | undefined, endpoint: string): TargetCredentials {
  const outbound = page.own && sendsAnything(page.own) ? undefined : outboundOf({ ...page, endpoint }, shared);
  if (!page.current || !outbound) throw new Error("what is sent to a target was not given for an endpoint of before");
  return { ...page.current, ...outbound };
}

/** Undefined: it cannot be said. What cannot be opened of the instance might be for any target that does not ignore it. */
function outboundOf(
  { own, endpoint }: Pick<Page, "own" | "endpoint">,
  shared: InstanceOutbound | undefined,
): ReturnType<typeof mergedOutbound> | undefined {
  if (!own) return undefined;
  if (!shared && !own.ignoresInstance) return undefined;
  return mergedOutbound(own, shared ?? NO_INSTANCE_OUTBOUND, endpoint);
}

function untilOf(date: Date | null): number {
  return date?.getTime() ?? Infinity;
}

function privateKeyFrom(der: Buffer): KeyObject {
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
}
