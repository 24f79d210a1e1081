/**
 * Which runs led to a call of a target, signed. Who is called sends it back with the calls that it makes, so that a circle of calls is known as one.
 */
export const RUN_HEADER = "interpose-run";
