// The messages and rules that users meet.
export { conditionId, methodScopeFromText, parseConditionId, validateCondition } from "./condition.ts";
export type { Condition, EventMatch, MethodScope } from "./condition.ts";
export type { Execution, ExecutionEntry } from "./execution.ts";
export { DEFAULT_EXECUTION_OPTIONS, validateExecutionOptions } from "./execution-options.ts";
export type { ExecutionOptions, OptionsFault } from "./execution-options.ts";
export type { Dialect, PayloadType, ReplyMode, Target, TargetId, TargetType } from "./target.ts";
export { ERROR_REASONS, InterposeError } from "./error.ts";
export type { ErrorReason, InterposeErrorOptions, Violation } from "./error.ts";
export type { RpcCode } from "./rpc-code.ts";

// From executions to plans.
export { checkAllIncludes, checkIncludes, MAX_INCLUDE_LEVELS } from "./include-graph.ts";
export type { IncludeGraph } from "./include-graph.ts";
export { expandPlan, expandTargets, MAX_PLAN_TARGETS } from "./plan.ts";
export type { Plan, PlanSources } from "./plan.ts";
export {
  compileSnapshot,
  createPlanFinder,
  executionsById,
  planForEvent,
  planForFunction,
  planForMethod,
} from "./router.ts";
export type { MethodName, PlansOfMethod, Snapshot, SnapshotSources } from "./router.ts";

// One method or service in several versions of its package.
export { areEquivalent } from "./equivalence.ts";
export { missedByVersion } from "./missed-by-version.ts";

// Why a plan is what it is.
export { explain } from "./explain/explain.ts";
export type { ExplainSources } from "./explain/explain.ts";
export type { Candidate, Explanation } from "./explain/explanation.ts";
export { durationText } from "./explain/failure-effects.ts";
export type { ExplainedEffect } from "./explain/failure-effects.ts";
export type { NearExecution } from "./explain/near-executions.ts";
export type { PlanStep } from "./explain/steps.ts";
export type { ExplainedSubject } from "./explain/subject.ts";
export { nearest, nearestFew } from "./nearest.ts";

// Fields that targets neither see nor change.
export { faultOfHiddenPaths, hiddenRoot, MAX_HIDDEN_PATHS, MAX_HIDDEN_PATH_LENGTH } from "./hidden-paths.ts";
export type { HiddenPlace } from "./hidden-paths.ts";

// From a plan and what it is about to an outcome.
export { run } from "./run.ts";
export type { Run, RunInput, RunOutcome } from "./run.ts";
export type { CallRecord, LateEnd } from "./call-record.ts";
export { resultOf } from "./call-result.ts";
export type { CallResult } from "./call-result.ts";
export { compareCalls } from "./comparison.ts";
export type { CallComparison, CallEnd } from "./comparison.ts";
export { effectOfFailure } from "./policies.ts";
export { DeadlinePassed } from "./deadline.ts";
export type { ApiFailure } from "./api-failure.ts";
export type { CallFailure, CallPurpose, Exchange, TargetCaller, TargetRequest } from "./call.ts";
export type { Envelope } from "./dialects/envelope.ts";
export { hookedMessage } from "./hooked-message.ts";
export type { HookedMessage, MessageInCall } from "./hooked-message.ts";
export { invocation } from "./invocation.ts";
export type { Invocation, InvokedFunction } from "./invocation.ts";
export type { Recordable, Subject } from "./subject.ts";
export { mergeReply } from "./merge.ts";
export { jsonDiff, MAX_DIFFERENCES } from "./json-diff.ts";
export type { JsonDifference } from "./json-diff.ts";

// How an event's targets are told.
export { deliveriesOf } from "./delivery/stages.ts";
export type { Gate, PlannedDelivery } from "./delivery/stages.ts";
export { fifoKeyOf } from "./delivery/fifo.ts";
export type { FifoBy, KeyedEvent } from "./delivery/fifo.ts";
export { attemptOutcome, countsAsFailure } from "./delivery/attempt-outcome.ts";
export type { AttemptExchange, AttemptOutcome, TargetSign } from "./delivery/attempt-outcome.ts";
export { createBreaker } from "./delivery/breaker.ts";
export type { Breaker, BreakerState } from "./delivery/breaker.ts";
export { createPacer } from "./delivery/pacer.ts";
export type { Pacer } from "./delivery/pacer.ts";
export { createRecentOutcomes } from "./delivery/recent-outcomes.ts";
export type { RecentOutcomes } from "./delivery/recent-outcomes.ts";
export { createSlowing } from "./delivery/slowing.ts";
export type { Slowing } from "./delivery/slowing.ts";
export {
  completeDeliverySettings,
  DEFAULT_DELIVERY_SETTINGS,
  MAX_RETRIES,
  validateDeliverySettings,
} from "./delivery/settings.ts";
export type { DeliverySettings, DeliverySettingsFault } from "./delivery/settings.ts";

// What hosts implement.
export { MessageMismatch } from "./message.ts";
export type { FieldShape, Message, MessageShape, Spelling } from "./message.ts";
export { isJsonObject } from "./json.ts";
export { faultOfJson } from "./plain-json.ts";
export type { JsonObject, JsonValue } from "./json.ts";
