import { compileSnapshot, executionsById, type Snapshot } from "@interpose/engine";
import type { OwnAggregateType, OwnEventType } from "../events/own-events.ts";
import { planDeliveries } from "../events/plan-deliveries.ts";
import type { Vault } from "../keys/vault.ts";
import type { Database, Queryable, Transaction } from "../store/database.ts";
import type { Details } from "../store/records.ts";
import { advanceRevision } from "../store/sql/advance-revision.ts";
import { appendEvents } from "../store/sql/append-events.ts";
import { readSnapshot } from "../store/sql/load-snapshot.ts";
import { lockInstance } from "../store/sql/lock-instance.ts";

/** What a command needs to know and to reach. */
export interface CommandContext {
  readonly database: Database;
  readonly instanceId: string;
  /** Who gives the command: the user id of its caller. Written into every event. */
  readonly creator: string;
  /** What they may do, for what takes more than the permission that the method asks for. */
  readonly permissions: ReadonlySet<string>;
  /** Makes the id of something new. */
  readonly newId: () => string;
  /**
   * Called after the commit of a change of targets or executions, with the revision that it led to, and awaited before the
   * command answers: so this node's router is current before the client hears of the change.
   */
  readonly committed: (revision: bigint) => Promise<void>;
  /** The executions that this process knows, by which events are delivered. Absent: they are read when something is appended. */
  readonly snapshot?: (() => Snapshot) | undefined;
  /** The transaction of a command that this one is a part of. Absent: it has one of its own. */
  readonly within?: Write | undefined;
  /** How many runs and deliveries led to the command, by calls that targets made. */
  readonly depth: number;
  /** How many may lead to one another: events of what lies deeper are delivered to nobody, and stand among the dead letters. */
  readonly maxRunDepth: number;
}

/** What a command needs that makes keys. */
export interface KeyContext extends CommandContext {
  readonly vault: Vault;
}

/** What happened, to be appended to the event log. */
export interface NewEvent {
  readonly aggregateType: OwnAggregateType;
  readonly aggregateId: string;
  readonly type: OwnEventType;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** One transaction of a command: reads and writes state by `tx`, and says by `append` what happened. */
export interface Write {
  readonly tx: Transaction;
  /** Appends events and answers, for each, the details of its aggregate after it. */
  append(events: readonly NewEvent[]): Promise<readonly Details[]>;
}

/**
 * Runs a command's work in one transaction: events and state are committed together or not at all. The instance is locked first,
 * so that commands of one instance follow each other on all nodes, and what `work` reads stays true until the commit. Events are delivered by the executions
 * that were in force when the command began. A command that is a part of another one is carried out within that one's transaction.
 */
export async function write<T>(context: CommandContext, work: (write: Write) => Promise<T>): Promise<T> {
  if (context.within) return work(context.within);
  const { result, revision } = await context.database.transaction(async (tx) => {
    const before = await lockInstance(tx, context.instanceId);
    let last: { position: bigint; createdAt: Date } | undefined;
    let snapshot: Promise<Snapshot> | undefined;
    const append = async (events: readonly NewEvent[]): Promise<readonly Details[]> => {
      const { instanceId, creator, depth, maxRunDepth } = context;
      const toAppend = events.map(({ payload, ...event }) => ({ ...event, payload, creator, depth }));
      snapshot ??= snapshotAt(tx, context, before);
      const options = { instanceId, revision: before, learnTypes: false };
      const appended = await appendEvents(tx, planDeliveries(toAppend, await snapshot, maxRunDepth), options);
      if (!appended) throw new Error("executions have changed while the instance was locked");
      last = appended.at(-1) ?? last;
      return appended.map(({ sequence, createdAt }) => ({ sequence, changedAt: createdAt, resourceOwner: instanceId }));
    };
    const result = await work({ tx, append });
    if (last) await advanceRevision(tx, context.instanceId, last.position, last.createdAt);
    return { result, revision: last?.position };
  });
  if (revision !== undefined) await context.committed(revision);
  return result;
}

/** Appends one event, see `Write.append`. */
export async function appendOne(write: Write, event: NewEvent): Promise<Details> {
  const [details] = await write.append([event]);
  if (!details) throw new Error("an appended event came back without details");
  return details;
}

/** What reads of a command go to, so that they see what it has written. */
export function readerOf({ database, within }: CommandContext): Queryable {
  return within?.tx ?? database;
}

/** The executions in force at a revision, which the instance is locked at. */
async function snapshotAt(tx: Transaction, context: CommandContext, revision: bigint): Promise<Snapshot> {
  const current = context.snapshot?.();
  if (current && current.revision >= revision) return current;
  // Another node was faster. Read with the connection that is at hand: waiting for another one here could exhaust them.
  const { targets, executions } = await readSnapshot(tx, context.instanceId);
  return compileSnapshot({
    revision,
    targets: new Map(targets.map((target) => [target.id, target])),
    executions: executionsById(executions),
  });
}
