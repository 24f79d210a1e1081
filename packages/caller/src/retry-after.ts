/** Longest time that a `Retry-After` is believed, in milliseconds: a day. */
const LONGEST_MS = 24 * 60 * 60 * 1_000;

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The three forms of an HTTP-date: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7 */
const IMF_FIXDATE = /^\w{3}, (?<day>\d\d) (?<month>\w{3}) (?<year>\d{4}) (?<time>\d\d:\d\d:\d\d) GMT$/;
const RFC_850 = /^\w{6,9}, (?<day>\d\d)-(?<month>\w{3})-(?<year>\d\d) (?<time>\d\d:\d\d:\d\d) GMT$/;
const ASCTIME = /^\w{3} (?<month>\w{3}) (?<day>[ \d]\d) (?<time>\d\d:\d\d:\d\d) (?<year>\d{4})$/;

/**
 * How long a `Retry-After` asks to wait, in milliseconds from `now` (milliseconds since 1970): seconds or an HTTP-date, see
 * https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3. Never less than 0 or more than a day; undefined for what is neither.
 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : parseHttpDate(text, now) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_MS);
}

/** Milliseconds since 1970; NaN for what is no date. */
function parseHttpDate(text: string, now: number): number {
  const found = IMF_FIXDATE.exec(text) ?? RFC_850.exec(text) ?? ASCTIME.exec(text);
  const { day = "", month = "", year = "", time = "" } = found?.groups ?? {};
  const monthNumber = String(MONTHS.indexOf(month) + 1).padStart(2, "0");
  return Date.parse(`${fullYear(year, now)}-${monthNumber}-${day.trim().padStart(2, "0")}T${time}Z`);
}

/** A year of two digits is the one that ends so and is not more than 50 years in the future. */
function fullYear(year: string, now: number): string {
  if (year.length !== 2) return year;
  const thisYear = new Date(now).getUTCFullYear();
  const inThisCentury = thisYear - (thisYear % 100) + Number(year);
  return String(inThisCentury > thisYear + 50 ? inThisCentury - 100 : inThisCentury);
}
