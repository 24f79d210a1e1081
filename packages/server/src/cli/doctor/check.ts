import type { ReadSettings } from "../../config/index.ts";
import type { Transaction } from "../../store/database.ts";
import type { StoreAccess } from "./store-access.ts";

import type { Finding } from "./finding.ts";

/** What is there for every check, whatever is wrong. */
export interface Surroundings {
  /** URL of a server, where one was given. */
  readonly url: string | undefined;
  /** Whether connections to targets may be opened. */
  readonly connects: boolean;
  /** Aborted when the check is given up. */
  readonly signal: AbortSignal;
  /** The settings. Throws as a start would. */
  readSettings(): ReadSettings;
  /** The store, opened once for all checks. Throws as `readSettings` does. */
  openStore(): Promise<StoreAccess>;
}

/** What checks of settings look at. */
export interface SettingsSubject extends Surroundings, ReadSettings {}

/** What checks of the store look at. */
export interface StoreSubject extends SettingsSubject {
  readonly instanceId: string;
  /** Reads in one state of the store. It can change nothing. */
  read<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
}

interface Common {
  /** Name that its lines begin with. */
  readonly name: string;
  /** Longest time that it may take. Default: 5 seconds. */
  readonly timeoutMs?: number;
}

type Found = readonly Finding[] | Promise<readonly Finding[]>;

/** A check: what it needs, and how it looks. */
export type Check =
  | (Common & { readonly needs: "nothing"; run(subject: Surroundings): Found })
  | (Common & { readonly needs: "settings"; run(subject: SettingsSubject): Found })
  | (Common & { readonly needs: "store"; run(subject: StoreSubject): Found });
