import type { TestServer } from "./server.ts";

/** Full name of a method of the API that the tests hook. */
export function methodName(rpc: string): string {
  return `/zitadel.action.v3alpha.ActionService/${rpc}`;
}

/** A target to create; by default a webhook that interrupts. */
export interface NewTestTarget {
  readonly name?: string;
  readonly endpoint: string;
  readonly type?: "restWebhook" | "restCall" | "restAsync";
  readonly interruptOnError?: boolean;
  readonly timeout?: string;
}

let count = 0;

/** Creates a target over REST and answers its id. */
export async function createTarget(server: Pick<TestServer, "request">, target: NewTestTarget): Promise<string> {
  const {
    name = `target ${++count}`,
    type = "restWebhook",
    interruptOnError = true,
    timeout = "5s",
    endpoint,
  } = target;
  const body = { name, endpoint, timeout, [type]: type === "restAsync" ? {} : { interruptOnError } };
  const answer = await server.request("POST", "/v3alpha/targets", body, { headers: { "interpose-bypass": "true" } });
  if (answer.status !== 201) throw new Error(`no target was created: ${JSON.stringify(answer.body)}`);
  return (answer.body as { id: string }).id;
}

/** Sets an execution over REST, bypassing executions, and answers its details. */
export async function setExecution(
  server: Pick<TestServer, "request">,
  condition: unknown,
  targets: readonly (string | { readonly include: unknown })[],
): Promise<{ sequence: string; changeDate: string; resourceOwner: string }> {
  const body = { condition, targets: targets.map((entry) => (typeof entry === "string" ? { target: entry } : entry)) };
  const answer = await server.request("PUT", "/v3alpha/executions", body, { headers: { "interpose-bypass": "true" } });
  if (answer.status !== 200) throw new Error(`no execution was set: ${JSON.stringify(answer.body)}`);
  return (answer.body as { details: { sequence: string; changeDate: string; resourceOwner: string } }).details;
}
