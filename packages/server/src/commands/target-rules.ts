import { InterposeError } from "@interpose/engine";

/** The most that a version of the API allows; v3alpha's own rule is 200. */
const MAX_NAME_LENGTH = 1000;
const MAX_ENDPOINT_LENGTH = 1000;

/** Refuses a name that is empty or longer than 1000 characters (Unicode code points). */
export function checkName(name: string): void {
  const length = Array.from(name).length;
  if (length >= 1 && length <= MAX_NAME_LENGTH) return;
  throw invalid(
    "name",
    `The name has ${length} characters. Give it 1 to ${MAX_NAME_LENGTH}.`,
    "COMMAND-ddqbm9us5p",
    "Errors.Target.Invalid",
  );
}

/** Refuses a timeout that is not a positive time. There is no upper limit. */
export function checkTimeout(timeoutMs: number): void {
  if (timeoutMs > 0 && Number.isFinite(timeoutMs)) return;
  throw invalid(
    "timeout",
    'The timeout must be longer than 0s, for example "10s".',
    "COMMAND-39f35d8uri",
    "Errors.Target.NoTimeout",
  );
}

/** Refuses an endpoint that no HTTP call could ever reach. */
export function checkEndpoint(endpoint: string): void {
  const id = "COMMAND-1r2k6qo6wg";
  const key = "Errors.Target.InvalidURL";
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const length = Array.from(endpoint).length;
  if (length > MAX_ENDPOINT_LENGTH) {
    throw invalid(
      "endpoint",
      `The endpoint has ${length} characters; at most ${MAX_ENDPOINT_LENGTH} are allowed.`,
      id,
      key,
    );
  }
  if (!url) {
    throw invalid("endpoint", 'The endpoint is not an absolute URL such as "https://example.com/hook".', id, key);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw invalid(
      "endpoint",
      `The endpoint's scheme is "${url.protocol.slice(0, -1)}"; targets are called by http or https.`,
      id,
      key,
    );
  }
}

function invalid(field: string, description: string, id: string, key: string): InterposeError {
  return new InterposeError("target_invalid", description, { id, key, violations: [{ field, description }] });
}

/** An endpoint as events tell of it, which others read: without user, password, query and fragment, each of which can be a secret. */
export function withoutSecrets(endpoint: string): string {
  if (!URL.canParse(endpoint)) return endpoint;
  const url = new URL(endpoint);
  if (`${url.username}${url.password}${url.search}${url.hash}` === "") return endpoint;
  return `${url.origin}${url.pathname}`;
}
