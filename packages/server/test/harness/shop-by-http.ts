/** An answer with JSON. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
}

/** Ways to order at the shop by HTTP/1.1 and JSON, which a gateway translates. */
export const BY_HTTP = {
  Connect: { path: "/shop.v1.Shop/Order", headers: { "connect-protocol-version": "1" } },
  REST: { path: "/v1/orders", headers: {} },
} as const;

/** Orders at the shop through a gateway, as a browser would. */
export async function orderByHttp(
  form: keyof typeof BY_HTTP,
  address: string,
  message: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<HttpAnswer> {
  const { path, headers: usual } = BY_HTTP[form];
  const response = await fetch(`http://${address}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...usual, ...headers },
    body: JSON.stringify(message),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}
