import type { SealPlace } from "./vault.ts";

// Where sealed values are kept: what they are bound to.

/** The value that tells whether a master key is the right one. */
export function checkPlace(instanceId: string): SealPlace {
  return { column: "instances.sealed_check", instanceId, ids: [] };
}

/** A key that signs what a target is sent. */
export function signingKeyPlace(instanceId: string, targetId: string, id: string): SealPlace {
  return { column: "signing_keys.sealed", instanceId, ids: [targetId, id] };
}

/** A key that the instance signs with. */
export function instanceKeyPlace(instanceId: string, id: string): SealPlace {
  return { column: "instance_keys.sealed", instanceId, ids: [id] };
}

/** What a target is sent beside its payload. */
export function targetOutboundPlace(instanceId: string, targetId: string): SealPlace {
  return { column: "targets.sealed_outbound", instanceId, ids: [targetId] };
}

/** What the instance sends targets beside their payloads. */
export function instanceOutboundPlace(instanceId: string): SealPlace {
  return { column: "instances.sealed_outbound", instanceId, ids: [] };
}
