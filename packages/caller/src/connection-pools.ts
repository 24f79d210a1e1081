import { createConnections, type Connections } from "./connections.ts";
import { createConnector } from "./connect.ts";
import { createEgressRules, type EgressLists, type EgressRules } from "./egress/rules.ts";
import type { TargetCallerOptions } from "./options.ts";

/** Connections that were all allowed by the same rules. */
export interface ConnectionPool {
  readonly connections: Connections;
  /** Says that an exchange is over. Nothing may go over the pool after that on its behalf. */
  leave(): void;
}

/**
 * Connections to targets, apart by the rules that allowed them: what one target's own list allows is not there for another target.
 * A pool is kept while exchanges are in it, and after that for as long as it is among the `MOST_IDLE` that were entered last.
 */
export interface ConnectionPools {
  /** Enters the pool of a target's own list; undefined: it has none. Each entering is followed by one leaving. */
  enter(egressAllow: readonly string[] | undefined): ConnectionPool;
  /** Ends all connections. */
  destroy(): Promise<void>;
}

/** So many pools of targets' own lists are kept while nobody is in them. Their connections end by themselves, seconds after their last use. */
const MOST_IDLE = 256;

interface Entered {
  readonly pool: ConnectionPool;
  exchanges: number;
  /** Number of the last entering. */
  lastEntered: number;
}

/** Makes the pools of a caller. An entry of the setting that cannot be read throws `settings_invalid`. */
export function createConnectionPools(options: TargetCallerOptions): ConnectionPools {
  const { egressAllow: allow, egressOnly: only, resolve, maxConnectionsPerOrigin: perOrigin } = options;
  const { ca } = options;
  const connect = createConnector(ca);
  const connectionsBy = (rules: EgressRules): Connections =>
    createConnections({ rules, resolve, connect, ca, perOrigin });
  const common: ConnectionPool = {
    connections: connectionsBy(createEgressRules({ allow, only })),
    leave: () => undefined,
  };

  // Exchanges that find their pool leave no trace in the map: what passes through one grows old.
  const byList = new Map<string, Entered>();
  let enterings = 0;

  const open = (key: string, ofTarget: readonly string[]): Entered => {
    const connections = connectionsBy(rulesOfTarget({ allow, only, ofTarget }));
    const leave = (): void => {
      entered.exchanges--;
      if (entered.exchanges === 0) closeIdle();
    };
    const entered: Entered = { pool: { connections, leave }, exchanges: 0, lastEntered: 0 };
    byList.set(key, entered);
    return entered;
  };

  /** Closes the pool that was left alone for the longest time, when there are too many. */
  const closeIdle = (): void => {
    if (byList.size <= MOST_IDLE) return;
    let oldest: [string, Entered] | undefined;
    for (const each of byList) {
      if (each[1].exchanges === 0 && (!oldest || each[1].lastEntered < oldest[1].lastEntered)) oldest = each;
    }
    if (!oldest) return;
    byList.delete(oldest[0]);
    void oldest[1].pool.connections.destroy();
  };

  return {
    enter(list) {
      if (!list || list.length === 0) return common;
      const key = JSON.stringify(list);
      const entered = byList.get(key) ?? open(key, list);
      entered.exchanges++;
      entered.lastEntered = ++enterings;
      closeIdle();
      return entered.pool;
    },
    async destroy() {
      const own = [...byList.values()].map(({ pool }) => pool.connections.destroy());
      byList.clear();
      await Promise.all([common.connections.destroy(), ...own]);
    },
  };
}

/** A target's own list was checked when it was set. Where it cannot be read all the same, nothing may be called by it. */
function rulesOfTarget(lists: EgressLists): EgressRules {
  try {
    return createEgressRules(lists);
  } catch (error) {
    const because = error instanceof Error ? error.message : "its list cannot be read";
    return { check: () => ({ allowed: false, because }) };
  }
}
