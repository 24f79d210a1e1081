import { createHash } from "node:crypto";
import type { ActionsPlan } from "./plan.ts";

/** What a plan is known by: another plan has another one, and so has the same one from another state. */
export function fingerprintOf({ document, changes }: ActionsPlan): string {
  const text = JSON.stringify([
    document,
    changes.map(({ action, kind, name, id, fields, formerOwner }) => [
      action,
      kind,
      name,
      id ?? null,
      fields.map(({ field, before, after }) => [field, before ?? null, after ?? null]),
      formerOwner ?? null,
    ]),
  ]);
  return createHash("sha256").update(text).digest("hex");
}
