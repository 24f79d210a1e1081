// Invokes functions of an Interpose by its REST API.

/** What Interpose, or a target behind it, answered in place of an output. */
export class FunctionRefused extends Error {
  /** Whether a target has decided so, in words for whoever is refused. Otherwise something failed, and the text is for operators. */
  byTarget;

  constructor(text, { byTarget }) {
    super(text);
    this.byTarget = byTarget;
  }
}

/** Makes what invokes functions of the Interpose at a URL, with a token that has the permission `function.invoke`. */
export function functionsAt(url, token, { timeoutMs = 10_000 } = {}) {
  return async function invoke(name, input) {
    const answer = await fetch(`${url}/v1/functions/${encodeURIComponent(name)}:invoke`, {
      method: "POST",
      // Interpose gives its targets no more time than its caller has left.
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "grpc-timeout": `${timeoutMs}m`,
      },
      body: JSON.stringify({ input }),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((error) => {
      throw new FunctionRefused(`${name} could not be invoked: ${error.message}`, { byTarget: false });
    });
    const body = await answer.json();
    if (answer.ok) return body.output;
    const info = body.details?.find((detail) => detail["@type"] === "type.googleapis.com/google.rpc.ErrorInfo");
    throw new FunctionRefused(body.message, { byTarget: info?.reason === "TARGET_REFUSED" });
  };
}
