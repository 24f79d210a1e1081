/**
 * Something about descriptors that cannot be: what is wrong, and where. Inside of this folder only; its rim (`loadDescriptors`) turns it into an
 * InterposeError, which says what was loaded, or into one of the problems that are reported while the rest is used.
 */
export class DescriptorProblem extends Error {
  override readonly name = "DescriptorProblem";
  /** `unavailable`: nothing is known to be wrong with the descriptors, they could not be had. */
  readonly kind: "invalid" | "unavailable";

  constructor(message: string, kind: "invalid" | "unavailable" = "invalid", cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
  }
}

/** The text of whatever was thrown. */
export function textOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)) || "no reason is given";
}
