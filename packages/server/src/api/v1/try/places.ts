import { InterposeError } from "@interpose/engine";

/** Takes one of the places that a server has for something, and answers how to leave it. Throws `too_many_tries` where none is left. */
export type TakePlace = () => () => void;

/** So many places. `what` happens in them, in the plural. */
export function createPlaces(most: number, what: "tries" | "rehearsals"): TakePlace {
  let taken = 0;
  return () => {
    if (taken >= most) {
      const text = `${most} other ${what} are under way on this server, which is as many as may. Try again when one of them is done.`;
      throw new InterposeError("too_many_tries", text);
    }
    taken++;
    return () => void taken--;
  };
}
