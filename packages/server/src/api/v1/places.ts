import { InterposeError } from "@interpose/engine";

/** Takes one of the places that a server has for something, and answers how to leave it. Throws where none is left. */
export type TakePlace = () => () => void;

/** Most streams that follow the same on one server: each looks at the store several times a second. */
const MOST_WATCHERS = 20;

/** Places for streams that follow something. Without one left: `too_many_watchers`. */
export function placesOfWatchers(what: "deliveries" | "runs" | "events"): TakePlace {
  const text = `${MOST_WATCHERS} others follow ${what} on this server, which is as many as may. Try again later, or list ${what}.`;
  return createPlaces(MOST_WATCHERS, () => new InterposeError("too_many_watchers", text));
}

/** So many places for tries or rehearsals. Without one left: `too_many_tries`. */
export function placesOfTries(most: number, what: "tries" | "rehearsals"): TakePlace {
  const text = `${most} other ${what} are under way on this server, which is as many as may. Try again when one of them is done.`;
  return createPlaces(most, () => new InterposeError("too_many_tries", text));
}

function createPlaces(most: number, refusal: () => InterposeError): TakePlace {
  let taken = 0;
  return () => {
    if (taken >= most) throw refusal();
    taken++;
    return () => void taken--;
  };
}
