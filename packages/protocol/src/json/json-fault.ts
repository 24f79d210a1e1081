const LONGEST_ECHO = 60;

/** A JSON value that does not fit its field. */
export class JsonFault extends Error {
  override readonly name = "JsonFault";
  /** Path of the field, as the JSON spells it. Empty: the message as a whole. */
  readonly path: string;
  /** What would have been right, such as "a whole number". */
  readonly expected: string;

  /** `given`: what was there in its place, shortened in the text; undefined where that says nothing. */
  constructor(path: string, expected: string, given: string | undefined) {
    super(
      `expected ${expected}${given === undefined || given === "" ? "" : `, not ${JSON.stringify(shortened(given))}`}`,
    );
    this.path = path;
    this.expected = expected;
  }
}

function shortened(text: string): string {
  return text.length > LONGEST_ECHO ? `${text.slice(0, LONGEST_ECHO)}…` : text;
}
