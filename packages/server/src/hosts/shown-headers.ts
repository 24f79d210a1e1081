/** The request headers that targets of the dialect v2 are shown, as ZITADEL shows them. Credentials are not among them. */
export const SHOWN_HEADERS = ["Content-Type", "X-Forwarded-For", "X-Forwarded-Host", "Host", "Origin"] as const;
