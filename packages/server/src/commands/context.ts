import type { Database, Transaction } from "../store/database.ts";
import type { Details } from "../store/records.ts";
import { advanceRevision } from "../store/sql/advance-revision.ts";
import { appendEvents } from "../store/sql/append-events.ts";
import { lockInstance } from "../store/sql/lock-instance.ts";

/** What a command needs to know and to reach. */
export interface CommandContext {
  readonly database: Database;
  readonly instanceId: string;
  /** Who gives the command: the user id of its caller. Written into every event. */
  readonly creator: string;
  /** Makes the id of something new. */
  readonly newId: () => string;
  /**
   * Called after the commit of a change of targets or executions, with the revision that it led to, and awaited before the
   * command answers: so this node's router is current before the client hears of the change.
   */
  readonly committed: (revision: bigint) => Promise<void>;
}

/** What happened, to be appended to the event log. */
export interface NewEvent {
  readonly aggregateType: "target" | "execution" | "token";
  readonly aggregateId: string;
  readonly type: string;
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
 * so that commands of one instance follow each other on all nodes, and what `work` reads stays true until the commit.
 */
export async function write<T>(context: CommandContext, work: (write: Write) => Promise<T>): Promise<T> {
  const { result, revision } = await context.database.transaction(async (tx) => {
    await lockInstance(tx, context.instanceId);
    let last: { position: bigint; createdAt: Date } | undefined;
    const append = async (events: readonly NewEvent[]): Promise<readonly Details[]> => {
      const { instanceId, creator } = context;
      const appended = await appendEvents(
        tx,
        events.map((event) => ({ ...event, instanceId, creator })),
      );
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
