/** Makes a unary call through a gateway as a browser would, in Connect with JSON, which the gateway translates for an API of gRPC. */
export async function connectCall(
  address: string,
  method: string,
  message: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly body: any }> {
  const response = await fetch(`http://${address}${method}`, {
    method: "POST",
    headers: { "content-type": "application/json", "connect-protocol-version": "1", ...headers },
    body: JSON.stringify(message),
  });
  return { status: response.status, body: await response.json() };
}
