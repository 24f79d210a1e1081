import type { Condition, Execution, ExecutionEntry, ExecutionOptions, TargetType } from "@interpose/engine";
import type { ExecutionOptionsChanges } from "../commands/update-execution-options.ts";
import type { ActionsBackend } from "./actions/backend.ts";
import type { Role } from "../access/permissions.ts";

/** What the commands of the command line do, against a server or straight in the store. */
export interface Backend extends ActionsBackend {
  listTargets(): Promise<readonly ListedTarget[]>;
  createTarget(target: TargetToCreate): Promise<string>;
  deleteTarget(id: string): Promise<void>;
  listExecutions(): Promise<readonly Execution[]>;
  setExecution(condition: Condition, entries: readonly ExecutionEntry[]): Promise<void>;
  deleteExecution(condition: Condition): Promise<void>;
  executionOptions(condition: Condition): Promise<ExecutionOptions>;
  /** Methods or services that are what an execution names in other versions, and that it is not for, as far as that is known here and may be told. */
  otherVersions(condition: Condition): Promise<readonly string[]>;
  /** Answers all options after the change. */
  updateExecutionOptions(condition: Condition, changes: ExecutionOptionsChanges): Promise<ExecutionOptions>;
  createToken(token: TokenToCreate): Promise<{ readonly id: string; readonly token: string }>;
  listTokens(all: boolean): Promise<readonly ListedToken[]>;
  revokeToken(id: string): Promise<void>;
  close(): Promise<void>;
}

/** A target as it is listed. */
export interface ListedTarget extends TargetToCreate {
  readonly id: string;
}

/** A target to create. */
export interface TargetToCreate {
  readonly name: string;
  readonly type: TargetType;
  readonly endpoint: string;
  readonly timeoutMs: number;
  readonly interruptOnError: boolean;
}

/** A token to create. */
export interface TokenToCreate {
  readonly name: string;
  readonly role: Role | null;
  readonly permissions: readonly string[];
  readonly expiresAt: Date | null;
}

/** A token as it is listed. */
export interface ListedToken extends TokenToCreate {
  readonly id: string;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}
