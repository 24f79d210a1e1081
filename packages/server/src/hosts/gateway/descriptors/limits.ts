/** What a source of descriptors may be at most. More is an error that names the limit, never an exhausted process. */
export interface DescriptorLimits {
  /** Bytes of everything that is read: a file unpacked, the files of a folder together, the answers of an upstream together. Default: 64 MiB. */
  readonly maxBytes: number;
  /** Files in a set, in a folder, or sent by an upstream. Default: 5,000. */
  readonly maxFiles: number;
  /** Messages inside of messages. Default: 32, as in protoc. */
  readonly maxNesting: number;
}

/** The limits, unless others are given. */
export const DEFAULT_LIMITS: DescriptorLimits = { maxBytes: 64 * 1024 * 1024, maxFiles: 5_000, maxNesting: 32 };
