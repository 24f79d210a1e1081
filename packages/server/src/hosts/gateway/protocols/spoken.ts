/** Protocols, as settings name those that an upstream understands. */
export const SPOKEN = ["grpc", "grpc-web", "connect", "rest"] as const;
export type Spoken = (typeof SPOKEN)[number];
