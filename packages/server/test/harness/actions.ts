import assert from "node:assert/strict";
import type { Database } from "../../src/store/database.ts";
import type { JsonAnswer, RequestOptions, TestServer } from "./server.ts";

/** Executions of a document are on the server's own API: what manages them must not run them. */
const BYPASS = { "interpose-bypass": "true" };

/** A change as REST answers it. */
export interface ChangeAnswer {
  readonly kind: string;
  readonly subject: string;
  readonly name: string;
  readonly drifted?: boolean;
  readonly formerOwner?: string;
  readonly fields?: readonly {
    readonly field: string;
    readonly before?: unknown;
    readonly after?: unknown;
    readonly drifted?: boolean;
  }[];
}

/** A request that runs no executions, as far as the admin makes it: others may not ask for that. */
export function bypassing(
  server: Pick<TestServer, "request">,
  verb: string,
  path: string,
  body?: unknown,
  options: RequestOptions = {},
): Promise<JsonAnswer> {
  const headers = options.token === undefined ? BYPASS : {};
  return server.request(verb, path, body, { ...options, headers: { ...headers, ...options.headers } });
}

/** What `plan` answers, which must be no refusal. */
export async function planOf(
  server: Pick<TestServer, "request">,
  document: object,
  options: object = {},
): Promise<{
  readonly changes: readonly ChangeAnswer[];
  readonly conflicts: readonly any[];
  readonly fingerprint: string;
}> {
  const { status, body } = await bypassing(server, "POST", "/v1/actions:plan", { document, options });
  assert.equal(status, 200, `${JSON.stringify(body)}\n${JSON.stringify(document)}`);
  return { changes: body.changes ?? [], conflicts: body.conflicts ?? [], fingerprint: body.fingerprint };
}

/** Applies a document, whatever comes of it. */
export function apply(
  server: Pick<TestServer, "request">,
  document: object,
  more: { readonly options?: object; readonly fingerprint?: string } = {},
  options: RequestOptions = {},
): Promise<JsonAnswer> {
  return bypassing(server, "POST", "/v1/actions:apply", { document, ...more }, options);
}

/** Applies a document, which must succeed, and answers the changes. */
export async function applied(
  server: Pick<TestServer, "request">,
  document: object,
  options: object = {},
): Promise<readonly ChangeAnswer[]> {
  const { status, body } = await apply(server, document, { options });
  assert.equal(status, 200, `${JSON.stringify(body)}\n${JSON.stringify(document)}`);
  return body.changes ?? [];
}

/** Each change in a few words: `create target audit`. */
export function inWords(changes: readonly ChangeAnswer[]): readonly string[] {
  const word = (text: string): string => text.replace(/^ACTIONS_(CHANGE_KIND|SUBJECT)_/, "").toLowerCase();
  return changes.map(
    ({ kind, subject, name, drifted }) => `${word(kind)} ${word(subject)} ${name}${drifted ? " drifted" : ""}`,
  );
}

/** What a store holds, table by table and row by row, but for who serves it; or some tables of it. */
export async function dumpOf(
  database: Database,
  only?: readonly string[],
): Promise<Readonly<Record<string, readonly string[]>>> {
  const tables = await database.query<{ name: string }>({
    text: `select relname as name from pg_class where relnamespace = 'interpose'::regnamespace and relkind in ('r', 'p') order by 1`,
    values: [],
  });
  const dump: Record<string, readonly string[]> = {};
  for (const { name } of tables.filter((each) => only?.includes(each.name) ?? each.name !== "workers")) {
    const rows = await database.query<{ row: string }>({
      text: `select to_jsonb(t)::text as row from interpose.${name} t order by 1`,
      values: [],
    });
    dump[name] = rows.map(({ row }) => row);
  }
  return dump;
}
