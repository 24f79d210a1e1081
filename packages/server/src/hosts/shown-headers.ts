/**
 * The request headers that targets of the dialect v2 are shown, unless the settings name others: those that ZITADEL shows. A header is shown only if it is
 * named, so no credential is among them by accident.
 */
export const DEFAULT_SHOWN_HEADERS: readonly string[] = [
  "Content-Type",
  "X-Forwarded-For",
  "X-Forwarded-Host",
  "Host",
  "Origin",
];
/** In it, a target finds the client's address, as the last of the list. */
export const FORWARDED_FOR = "x-forwarded-for";
