import { ADMIN_TOKEN, type JsonAnswer, type TestServer } from "./server.ts";
import { assertRefusal } from "./status.ts";

/** A body that is sent as it is. */
export type RawBody = string | Uint8Array<ArrayBuffer>;

/** Sends a request over REST whose body is sent as it is, as the admin. */
export async function sendRaw(
  server: TestServer,
  verb: string,
  path: string,
  body?: RawBody,
  headers: Readonly<Record<string, string>> = {},
): Promise<JsonAnswer> {
  const response = await fetch(`${server.url}${path}`, {
    method: verb,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, ...headers },
    // As bytes: for a text, fetch would say of its own accord that it is one.
    ...(body !== undefined && { body: typeof body === "string" ? Buffer.from(body) : body }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
}

/** Fails unless such a request is refused as expected. */
export async function checkRefused(
  server: TestServer,
  request: readonly [verb: string, path: string, body?: RawBody],
  expected: Parameters<typeof assertRefusal>[1],
): Promise<void> {
  assertRefusal(await sendRaw(server, ...request), expected);
}
