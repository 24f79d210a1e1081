/** Deepest nesting of a payload, itself included. */
export const MAX_PAYLOAD_DEPTH = 100;

/** Why a payload cannot be stored, and where in it: `.a.list[3]`. */
export interface PayloadFault {
  readonly path: string;
  /** Begins with a verb. */
  readonly description: string;
}

/** Why a payload of JSON's values cannot be stored: undefined when it can. PostgreSQL's jsonb knows neither U+0000 nor halves of surrogate pairs. */
export function faultOfPayload(payload: unknown): PayloadFault | undefined {
  return faultOfValue(payload, "", 1);
}

function faultOfValue(value: unknown, path: string, depth: number): PayloadFault | undefined {
  if (typeof value === "string") return faultOfText(value, path);
  if (typeof value === "number" && !Number.isFinite(value))
    return { path, description: `is ${value}, which JSON has no number for. Send another value.` };
  if (typeof value !== "object" || value === null) return undefined;
  if (depth > MAX_PAYLOAD_DEPTH)
    return { path: path.slice(0, 100), description: `is nested deeper than ${MAX_PAYLOAD_DEPTH} levels. Flatten it.` };
  if (Array.isArray(value)) {
    for (const [i, item] of (value as readonly unknown[]).entries()) {
      const fault = faultOfValue(item, `${path}[${i}]`, depth + 1);
      if (fault) return fault;
    }
    return undefined;
  }
  for (const [key, item] of Object.entries(value)) {
    const below = `${path}.${key.slice(0, 40)}`;
    const fault = faultOfText(key, below) ?? faultOfValue(item, below, depth + 1);
    if (fault) return { ...fault, path: fault.path.replaceAll("\0", "\\u0000").toWellFormed() };
  }
  return undefined;
}

function faultOfText(text: string, path: string): PayloadFault | undefined {
  if (text.includes("\0"))
    return { path, description: "has the character U+0000 in it, which cannot be stored. Take it out." };
  if (!text.isWellFormed())
    return { path, description: "has half of a surrogate pair in it, which is no character. Take it out." };
  return undefined;
}
