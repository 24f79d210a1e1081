import type { PlannedDelivery } from "@interpose/engine";
import type { ClaimedDelivery } from "../store/sql/claim-deliveries.ts";

/** Those who deliver, wherever they are, as a publisher knows them. */
export interface DeliveryOwners {
  /** There is something new of these targets, and it is committed. */
  tell(targetIds: readonly string[]): void;
  /**
   * Keeps room for deliveries that are about to be written, so that the worker of this process may begin them as soon as they are: nobody has to look for them. Undefined: it
   * has no room for any of them now, or they are not its own.
   */
  reserve(deliveries: readonly PlannedDelivery[]): Reservation | undefined;
}

/** Room that is kept. Each reservation is ended, once. */
export interface Reservation {
  /** In whose name the deliveries are to be written. */
  readonly workerId: string;
  /** For which of them there is room. */
  readonly places: ReadonlySet<number>;
  /** Hands over what was committed in the worker's name, by places, and gives up the room that is left. */
  end(deliveries: ReadonlyMap<number, ClaimedDelivery>): void;
}
