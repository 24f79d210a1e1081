/** Where in a value a check is. A chain, so that only a place that is shown becomes a text. */
export interface Place {
  readonly above: Place | undefined;
  readonly part: string | number;
}

/** A place as a path, such as `input.users[2].name`. Keys that are no names stand in brackets, shortened. */
export function pathOf(place: Place): string {
  const { above, part } = place;
  if (!above) return String(part);
  if (typeof part === "number") return `${pathOf(above)}[${part}]`;
  if (/^[A-Za-z_][\w-]{0,79}$/.test(part)) return `${pathOf(above)}.${part}`;
  return `${pathOf(above)}[${JSON.stringify(part.length > 80 ? `${part.slice(0, 80)}…` : part)}]`;
}
