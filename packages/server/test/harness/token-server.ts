import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { cleanUp, type Cleanup } from "./cleanup.ts";

/** A client that a token server knows. */
export interface TestClient {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** An OAuth2 server on loopback that grants tokens by client credentials (RFC 6749, section 4.4). */
export interface TokenServer {
  /** URL of its token endpoint. */
  readonly url: string;
  /** Forms that it was asked with, by clients that it knows or not. */
  readonly asked: URLSearchParams[];
  /** Tokens that it has granted. */
  readonly granted: string[];
  /** Refuses everybody from now on, quoting what they sent. */
  refuse(): void;
}

/** Starts a token server for one client. Its tokens are `prefix` and a number. It is stopped after the test. */
export async function startTokenServer(t: Cleanup, client: TestClient, prefix: string): Promise<TokenServer> {
  const asked: URLSearchParams[] = [];
  const granted: string[] = [];
  let refuses = false;
  const [id, secret] = [client.clientId, client.clientSecret].map(formEncoded);
  const expected = `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const { authorization } = request.headers;
      const form = new URLSearchParams(body);
      asked.push(form);
      const isKnown = authorization === expected && form.get("grant_type") === "client_credentials" && !refuses;
      response.writeHead(isKnown ? 200 : 401, { "content-type": "application/json" });
      if (!isKnown) {
        response.end(JSON.stringify({ error: "invalid_client", error_description: `${authorization} ${body}` }));
        return;
      }
      granted.push(`${prefix}${granted.length + 1}`);
      response.end(JSON.stringify({ access_token: granted.at(-1), token_type: "Bearer", expires_in: 3_600 }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUp(t, () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    asked,
    granted,
    refuse: () => void (refuses = true),
  };
}

/** RFC 6749, section 2.3.1. */
function formEncoded(text: string): string {
  return new URLSearchParams({ "": text }).toString().slice(1);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk as string;
  return text;
}
