/**
 * Header fields in their order: name, value, name, value. A character is a byte of the field (latin-1), since HTTP/2 gives bytes no other
 * meaning. A list that was answered is never changed: when the same block comes again, the very same list is answered again, and a change
 * would reach the requests to come.
 */
export type HeaderList = readonly string[];

/** What a header block says. */
export interface HeaderBlock {
  readonly fields: HeaderList;
  /**
   * Names of the fields that must never enter a table, here or further on (RFC 7541, section 6.2.3). `undefined`: there is none. They are names,
   * not positions, so that they still hold after a field was taken out of the list or put into it.
   */
  readonly neverIndexed: ReadonlySet<string> | undefined;
}

/** What a field weighs in a table and in a list beyond its characters (RFC 7541, section 4.1; RFC 9113, section 6.5.2). */
export const FIELD_OVERHEAD = 32;
