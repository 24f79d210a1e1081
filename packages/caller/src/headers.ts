/**
 * Which runs led to a call of a target, signed. Who is called sends it back with the calls that it makes, so that a circle of calls is known as one.
 */
export const RUN_HEADER = "interpose-run";

/** Headers whose values are nobody's business but the endpoint's: they go to no other origin, and into no record. */
export const SECRET_HEADERS: ReadonlySet<string> = new Set(["authorization"]);
