/** Kinds of failure, as the record names them: what happened, and what to do. */
const WORDS: Readonly<Record<string, readonly [string, string]>> = {
  dns: [
    "Its name does not resolve.",
    "See whether the endpoint is written as it should be, and whether its name is known where the server runs.",
  ],
  egress_denied: [
    "The server may not call its address.",
    "Allow the network by egress.allow in the settings, or give an endpoint outside of it.",
  ],
  connect: [
    "It cannot be reached: nobody listens, or something on the way refuses.",
    "See whether it runs, and whether host and port of the endpoint are right.",
  ],
  tls: ["The TLS handshake fails.", "See whether its certificate is valid, and for the name of the endpoint."],
  timeout: ["It does not answer within its timeout.", "Make it faster, or give it a longer timeout."],
  exchange: ["It breaks off, or does not speak HTTP.", "See its own log, and what stands between it and the server."],
  status: [
    "It answers with a status that is no success.",
    "See what it answers, in one of the failed runs, and in its own log.",
  ],
  redirect: [
    "It redirects too often, or to where calls may not follow.",
    "Give the address that it redirects to as its endpoint.",
  ],
  reply_too_large: ["Its reply is larger than is allowed.", "Have it answer with what changes, and no more."],
  payload_too_large: [
    "What it would be sent is larger than is allowed.",
    "Hook a smaller message, or allow larger payloads in the settings.",
  ],
  unsealable: [
    "What it is sent cannot be signed or encrypted: there is no key that can be used.",
    "Add and activate a public key of the target, or change its payload type.",
  ],
  authorization: [
    "There is no access token to be had for it.",
    "See the OAuth client of the target, and the token endpoint of its provider.",
  ],
  reply_not_json: [
    "Its reply is no JSON object.",
    "Have it answer a JSON object, or nothing; or make it a webhook, whose reply is not read.",
  ],
  reply_mismatch: [
    "Its reply does not fit the message.",
    "Send it a test call: the result says which field does not fit.",
  ],
  refused: [
    "It asks for the message to be refused.",
    "If it should not, see why it does: it answers what its caller is told.",
  ],
  deadline: [
    "The time of the call that it was for was over.",
    "Give the target a shorter timeout, or callers more time.",
  ],
  cancelled: ["The caller had gone before it answered.", "Make it faster: callers do not wait for it."],
};

/** What a failure means, and what to do, in sentences. One that is not known is named. */
export function failureWords(failure: string): { readonly what: string; readonly todo: string } {
  const [what, todo] = WORDS[failure] ?? [`It failed: ${failure}.`, "One of the failed runs says more of it."];
  return { what, todo };
}
