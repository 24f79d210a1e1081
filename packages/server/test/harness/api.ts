import type { PayloadType } from "@interpose/engine";
import { createOpener } from "@interpose/receiver/tokens";
import { payloadTypeOf } from "./payload-types.ts";
import type { TestServer } from "./server.ts";
import { expectCallsOf } from "./signed-calls.ts";
import { decryptionKeys, nextPublicKey } from "./test-keys.ts";

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
  readonly payloadType?: PayloadType;
}

type Requesting = Pick<TestServer, "request">;

const BYPASS = { headers: { "interpose-bypass": "true" } };
let count = 0;

/** Creates a target over REST and answers its id. The test's endpoints know its calls from then on. */
export async function createTarget(server: Requesting, target: NewTestTarget): Promise<string> {
  const {
    payloadType = payloadTypeOf(0),
    name = `target ${++count}`,
    type = "restWebhook",
    interruptOnError = true,
    timeout = "5s",
    endpoint,
  } = target;
  const body = { name, endpoint, timeout, [type]: type === "restAsync" ? {} : { interruptOnError } };
  const answer = await server.request("POST", "/v3alpha/targets", body, BYPASS);
  if (answer.status !== 201) throw new Error(`no target was created: ${JSON.stringify(answer.body)}`);
  const { id } = answer.body as { id: string };
  if (payloadType !== "json") await usePayloadType(server, id, payloadType);
  await expectCalls(server, id);
  return id;
}

let turns = 0;

/** The same, with one payload type after the other. */
export function createTargetInTurn(server: Requesting, target: NewTestTarget): Promise<string> {
  return createTarget(server, { payloadType: payloadTypeOf(turns++), ...target });
}

/** Has the test's endpoints know the calls of targets as these are now: signed by their keys, and in their payload types. Without ids: of all that the server has. */
export async function expectCalls(server: Requesting, ...ids: readonly string[]): Promise<void> {
  const filters = ids.length > 0 ? [{ inTargetIdsFilter: { targetIds: ids } }] : [];
  const { targets = [] } = await newer(server, "POST", "search", { filters, pagination: { limit: 1000 } });
  const { body: jwks } = await server.request("GET", "/.well-known/jwks.json", undefined, { token: null });
  for (const { signingKey, payloadType } of targets) {
    const type = String(payloadType).replace("PAYLOAD_TYPE_", "").toLowerCase() as PayloadType;
    expectCallsOf({ signingKey, open: createOpener({ jwks, decryptionKeys: decryptionKeys(), accept: [type] }) });
  }
}

/** Has a target be sent payloads of a type, with a key to encrypt them to where it is JWE. */
async function usePayloadType(server: Requesting, id: string, type: PayloadType): Promise<void> {
  await newer(server, "POST", id, { payloadType: `PAYLOAD_TYPE_${type.toUpperCase()}` });
  if (type !== "jwe") return;
  const publicKey = Buffer.from(nextPublicKey()).toString("base64");
  const { keyId } = await newer(server, "POST", `${id}/publickeys`, { publicKey });
  await newer(server, "POST", `${id}/publickeys/${keyId}/activate`, {});
}

/** A request about a target to v2 of the API, which alone has keys and payload types. */
async function newer(server: Requesting, verb: string, path: string, body?: unknown): Promise<any> {
  const answer = await server.request(verb, `/v2/actions/targets/${path}`, body, BYPASS);
  if (answer.status !== 200) throw new Error(`${verb} ${path}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** Sets an execution over REST, bypassing executions, and answers its details. */
export async function setExecution(
  server: Requesting,
  condition: unknown,
  targets: readonly (string | { readonly include: unknown })[],
): Promise<{ sequence: string; changeDate: string; resourceOwner: string }> {
  const body = { condition, targets: targets.map((entry) => (typeof entry === "string" ? { target: entry } : entry)) };
  const answer = await server.request("PUT", "/v3alpha/executions", body, BYPASS);
  if (answer.status !== 200) throw new Error(`no execution was set: ${JSON.stringify(answer.body)}`);
  return (answer.body as { details: { sequence: string; changeDate: string; resourceOwner: string } }).details;
}
