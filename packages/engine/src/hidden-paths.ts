/** Most paths in one list. */
export const MAX_HIDDEN_PATHS = 100;
/** Longest path, in characters. */
export const MAX_HIDDEN_PATH_LENGTH = 200;
/** Most parts of a path, between its dots. */
export const MAX_HIDDEN_PATH_PARTS = 32;
/** Most places that are remembered. A place beyond them is made again whenever it is met. */
const MAX_PLACES = 10_000;
/** Most names of which a place remembers where they lead. Names may be keys, which are anybody's. */
const MAX_NAMES = 100;

const ANY = "*";
const ANY_DEPTH = "**";

/**
 * Why a list is none of hidden fields: undefined when it is. A path begins at the root of a message. Its parts are the names of fields, as the .proto file or JSON spells
 * them, or keys of maps and objects; `*` is any one of those, and `**` any number of levels, none included. Lists have no level of their own.
 */
export function faultOfHiddenPaths(paths: readonly string[]): string | undefined {
  if (paths.length > MAX_HIDDEN_PATHS) return `has ${paths.length} paths; ${MAX_HIDDEN_PATHS} are allowed.`;
  for (const path of paths) {
    const fault = faultOfHiddenPath(path);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function faultOfHiddenPath(path: string): string | undefined {
  const shown = path.length > 80 ? `${path.slice(0, 80)}…` : path;
  if (path === "") return "has an empty path. Name a field, such as user.password.";
  if (path.length > MAX_HIDDEN_PATH_LENGTH)
    return `"${shown}" is longer than ${MAX_HIDDEN_PATH_LENGTH} characters. Use "*" or "**" for a part of it.`;
  if (/[\u0000-\u001f\u007f]/.test(path)) return `"${shown}" has a control character in it. Take it out.`;
  const parts = path.split(".");
  if (parts.length > MAX_HIDDEN_PATH_PARTS)
    return `"${shown}" has ${parts.length} parts; ${MAX_HIDDEN_PATH_PARTS} are allowed. Use "**" for many.`;
  for (const part of parts) {
    if (part === "") return `"${shown}" has nothing before, behind or between its dots. Write it like user.password.`;
    if (part !== part.trim()) return `"${shown}" has a space at a dot or an end. Take it out.`;
    if (part !== ANY && part !== ANY_DEPTH && part.includes("*"))
      return `"${shown}" has a "*" within a name. It stands alone, for one whole name: user.*`;
  }
  return undefined;
}

/** A place in a message, as far as hidden paths are concerned. */
export interface HiddenPlace {
  /** The same text for the same place of the same paths. */
  readonly id: string;
  /** Whether a path ends here: what stands here is hidden, with all that is in it. */
  readonly isHidden: boolean;
  /** Whether no path leads further. */
  readonly isEnd: boolean;
  /** The place of a field, or of a key of a map or an object, one level below. A field has two spellings. */
  next(name: string, otherName?: string): HiddenPlace;
}

/**
 * The root of a message, for paths that are valid. Places are made when they are first met, and kept: to go on from one is a look at the parts that are
 * due there, and no path is read twice.
 */
export function hiddenRoot(paths: readonly string[]): HiddenPlace {
  // Every part of every path has a number; a place is the parts that may come next.
  const parts: string[] = [];
  const ends = new Set<number>();
  const starts: number[] = [];
  for (const path of paths) {
    starts.push(parts.length);
    parts.push(...path.split("."), "");
    ends.add(parts.length - 1);
  }
  const places = new Map<string, HiddenPlace>();

  /** Adds a part that is due, and what is due too since it may stand for nothing. */
  function add(due: Set<number>, part: number): void {
    for (let each = part; !due.has(each); each++) {
      due.add(each);
      if (ends.has(each) || parts[each] !== ANY_DEPTH) return;
    }
  }

  function placeOf(due: ReadonlySet<number>): HiddenPlace {
    const sorted = [...due].sort((a, b) => a - b);
    const id = sorted.join(",");
    const known = places.get(id);
    if (known) return known;
    const left = sorted.filter((part) => !ends.has(part));
    const byName = new Map<string, HiddenPlace>();

    function follow(name: string, otherName: string | undefined): HiddenPlace {
      const following = new Set<number>();
      for (const part of left) {
        const text = parts[part];
        if (text === ANY_DEPTH) add(following, part);
        else if (text === ANY || text === name || text === otherName) add(following, part + 1);
      }
      return following.size === 0 ? nowhere : placeOf(following);
    }

    const place: HiddenPlace = {
      id,
      isHidden: left.length < sorted.length,
      isEnd: left.length === 0,
      next(name, otherName) {
        if (left.length === 0) return nowhere;
        // With a second name it is a field, for which it is asked once.
        if (otherName !== undefined) return follow(name, otherName);
        const found = byName.get(name) ?? follow(name, undefined);
        // A place that is not kept must not be kept by another one either.
        const isKept = found === nowhere || places.get(found.id) === found;
        if (isKept && byName.size < MAX_NAMES) byName.set(name, found);
        return found;
      },
    };
    if (places.size < MAX_PLACES) places.set(id, place);
    return place;
  }

  const nowhere: HiddenPlace = { id: "", isHidden: false, isEnd: true, next: () => nowhere };
  const due = new Set<number>();
  for (const start of starts) add(due, start);
  return due.size === 0 ? nowhere : placeOf(due);
}
