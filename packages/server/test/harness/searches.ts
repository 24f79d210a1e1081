import type { TestServer } from "./server.ts";

/** Details of one object, as REST writes them. */
export interface JsonDetails {
  readonly sequence: string;
  readonly changeDate: string;
  readonly resourceOwner: string;
}

/** What a search answers over REST. Zero values are left out. */
export interface SearchAnswer {
  readonly details: { readonly totalResult?: string; readonly processedSequence: string; readonly timestamp: string };
  readonly result?: readonly any[];
}

/** Searches targets or executions over REST, bypassing executions. Anything but success throws. */
export async function search(
  server: TestServer,
  what: "targets" | "executions",
  request: unknown = {},
): Promise<SearchAnswer> {
  const answer = await server.request("POST", `/v3alpha/${what}/search`, request, {
    headers: { "interpose-bypass": "true" },
  });
  if (answer.status !== 200) throw new Error(`the search was refused: ${JSON.stringify(answer.body)}`);
  return answer.body as SearchAnswer;
}

/** The execution of a condition as the list shows it; undefined when it is not there. */
export async function listedExecution(
  server: TestServer,
  condition: unknown,
): Promise<{ readonly Condition: unknown; readonly details: JsonDetails; readonly targets: unknown[] } | undefined> {
  const { result } = await search(server, "executions", {
    queries: [{ inConditionsQuery: { conditions: [condition] } }],
  });
  return result?.[0];
}
