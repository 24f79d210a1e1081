/** Everything that can be wrong with a call, a receiver or an answer, and the HTTP status that the caller is answered with for it. */
export const ERROR_STATUSES = {
  // the signature
  /** The call is not signed: its headers, or one of them, are not there. */
  missing: 401,
  /** A header is not written as its family has it. */
  malformed: 400,
  /** A header is there more than once, so that nobody can say which one counts. */
  duplicate_header: 400,
  /** A header, or the number of signatures in it, is larger than any that is sent. */
  oversized: 431,
  /** Signed longer ago than is tolerated: late, or sent again by somebody who recorded it. */
  too_old: 401,
  /** Signed further in the future than is tolerated: one of the two clocks is wrong. */
  too_new: 401,
  /** None of the signatures was made with one of the keys: another key, or another body. */
  no_match: 401,
  // the body
  /** Not a POST. */
  method_not_allowed: 405,
  body_too_large: 413,
  /** The connection broke before the body was there. */
  body_unreadable: 400,
  /** A body parser ran before, and the bytes that were signed are gone. */
  body_parsed: 500,
  /** Not of the payload types that are accepted, such as plain JSON where a JWT is due. */
  payload_type: 400,
  /** A JWT that none of the instance's keys signed, or by an algorithm that is not allowed. */
  token_invalid: 401,
  /** A JWE that none of the private keys opens. */
  undecryptable: 400,
  /** Keys could not be fetched. */
  keys_unavailable: 503,
  /** Not the JSON of a call. */
  payload_invalid: 400,
  // what became of it
  /** Nobody handles calls of this kind. */
  no_handler: 501,
  /** A call with this id was answered before. */
  duplicate_call: 409,
  /** A call with this id is being handled. */
  call_running: 409,
  /** The store of ids that were seen failed. */
  store_unavailable: 503,
  /** The handler threw. */
  handler_failed: 500,
  /** The handler's reply cannot be sent. */
  reply_invalid: 500,
  /** The receiver is set up in a way that cannot work. */
  options_invalid: 500,
} as const satisfies Record<string, number>;

/** What was wrong. The list is closed. */
export type ErrorCode = keyof typeof ERROR_STATUSES;

/** The one error class of this package. Its text never holds a key or a signature. */
export class ReceiverError extends Error {
  override readonly name = "ReceiverError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  /** HTTP status for it. */
  get status(): number {
    return ERROR_STATUSES[this.code];
  }
}
