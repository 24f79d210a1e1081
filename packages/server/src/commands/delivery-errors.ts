import { InterposeError } from "@interpose/engine";

/** The refusal of an id that no delivery has. */
export function deliveryNotFound(id: string): InterposeError {
  return new InterposeError(
    "delivery_not_found",
    `There is no delivery "${id.slice(0, 20)}". List the deliveries to see their ids; those that ended long ago were pruned.`,
  );
}
