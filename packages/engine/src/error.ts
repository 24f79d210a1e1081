import type { RpcCode } from "./rpc-code.ts";

/**
 * Every reason for which Interpose refuses something, and the code that callers see for it. The reason is stable: it is sent
 * as `google.rpc.ErrorInfo.reason` in upper case. The list is closed, so that a rim which renders errors knows them all.
 */
export const ERROR_REASONS = {
  // what the client sent
  bad_request: "invalid_argument",
  message_too_large: "resource_exhausted",
  body_malformed: "invalid_argument",
  coding_missing: "internal",
  validation_failed: "invalid_argument",
  condition_invalid: "invalid_argument",
  condition_unknown: "not_found",
  no_targets: "invalid_argument",
  duplicate_target: "invalid_argument",
  duplicate_include: "invalid_argument",
  target_invalid: "invalid_argument",
  target_not_found: "not_found",
  target_exists: "already_exists",
  public_key_invalid: "invalid_argument",
  public_key_not_found: "failed_precondition",
  public_key_expired: "failed_precondition",
  public_key_active: "failed_precondition",
  too_many_keys: "resource_exhausted",
  outbound_unreadable: "failed_precondition",
  include_not_found: "not_found",
  include_circular: "failed_precondition",
  include_too_deep: "failed_precondition",
  execution_not_found: "not_found",
  options_invalid: "invalid_argument",
  token_not_found: "not_found",
  function_not_found: "not_found",
  function_exists: "already_exists",
  function_invalid: "invalid_argument",
  function_fixed: "failed_precondition",
  function_in_use: "failed_precondition",
  function_input_invalid: "invalid_argument",
  delivery_not_found: "not_found",
  run_not_found: "not_found",
  delivery_over: "failed_precondition",
  delivery_in_line: "failed_precondition",
  too_many_watchers: "resource_exhausted",
  actions_invalid: "invalid_argument",
  actions_conflict: "failed_precondition",
  actions_changed: "aborted",
  too_many_tries: "resource_exhausted",
  page_token_invalid: "invalid_argument",
  event_invalid: "invalid_argument",
  event_key_reused: "already_exists",
  event_key_raced: "aborted",
  event_not_found: "not_found",
  event_type_undeclared: "failed_precondition",
  event_type_not_found: "not_found",
  event_type_fixed: "failed_precondition",
  media_type_unknown: "invalid_argument",
  path_not_found: "not_found",
  method_not_found: "unimplemented",
  call_unknown: "unimplemented",
  verb_not_allowed: "unimplemented",
  not_over_rest: "unimplemented",
  // who the client is
  unauthenticated: "unauthenticated",
  permission_denied: "permission_denied",
  // what a target did
  target_failed: "failed_precondition",
  target_unavailable: "unavailable",
  target_timed_out: "deadline_exceeded",
  target_reply_invalid: "failed_precondition",
  target_refused: "failed_precondition",
  // what a run as a whole came to
  run_timed_out: "deadline_exceeded",
  call_timed_out: "deadline_exceeded",
  call_cancelled: "cancelled",
  run_too_deep: "failed_precondition",
  // what an upstream does, and says of its API
  upstream_unavailable: "unavailable",
  gateway_busy: "unavailable",
  upstream_malformed: "internal",
  coding_unknown: "unimplemented",
  protocol_not_hooked: "unimplemented",
  method_not_described: "unavailable",
  descriptors_invalid: "failed_precondition",
  descriptors_unavailable: "unavailable",
  // the server itself
  server_stopping: "unavailable",
  publish_rate_exceeded: "resource_exhausted",
  publish_contended: "unavailable",
  store_unavailable: "unavailable",
  settings_invalid: "failed_precondition",
  data_dir_in_use: "failed_precondition",
  database_too_new: "failed_precondition",
  internal: "internal",
} as const satisfies Record<string, RpcCode>;

/** Why something was refused. */
export type ErrorReason = keyof typeof ERROR_REASONS;

/** One thing that is wrong with what a client sent. */
export interface Violation {
  /** Path of the field in proto names, such as `targets[2].include`. Empty: the message as a whole. */
  readonly field: string;
  /** Which rule was broken, what was given, and what would be right. */
  readonly description: string;
}

/** What an error carries beyond its reason and its text. */
export interface InterposeErrorOptions {
  /** Stable id of the contract for the case, such as `COMMAND-slgj0l4cdz`. Sent as `zitadel.v1.ErrorDetail.id`. */
  readonly id?: string | undefined;
  /** The contract's text key for the case, such as `Errors.Target.NotFound`. Sent as `zitadel.v1.ErrorDetail.message`. */
  readonly key?: string | undefined;
  /** What is wrong in the request, field by field. Sent as `google.rpc.BadRequest`. */
  readonly violations?: readonly Violation[] | undefined;
  /** Code in place of the reason's own, where a target may choose it, or the contract has another for the case. */
  readonly code?: RpcCode | undefined;
  /** Facts for programs, sent as `google.rpc.ErrorInfo.metadata`. No secrets. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** What led to this. Goes to the log, never to a client. */
  readonly cause?: unknown;
}

/** The one error class of Interpose. Its text is for the client: what was wrong, where, and what to do. */
export class InterposeError extends Error {
  override readonly name = "InterposeError";
  readonly reason: ErrorReason;
  readonly code: RpcCode;
  readonly id: string | undefined;
  readonly key: string | undefined;
  readonly violations: readonly Violation[];
  readonly metadata: Readonly<Record<string, string>>;

  constructor(reason: ErrorReason, message: string, options: InterposeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.code = options.code ?? ERROR_REASONS[reason];
    this.id = options.id;
    this.key = options.key;
    this.violations = options.violations ?? [];
    this.metadata = options.metadata ?? {};
  }
}
