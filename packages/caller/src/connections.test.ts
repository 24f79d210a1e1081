import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { TLSSocket } from "node:tls";
import type { Exchange } from "@interpose/engine";
import { LOOPBACK, assertFailed, call, request } from "../test/call.ts";
import { answer, bodyOf, selfSigned, startEndpoint, type Certificate, type Endpoint } from "../test/endpoint.ts";
import { credentials } from "../test/keys.ts";
import type { ClientCertificate, TargetCredentials } from "./credentials.ts";
import { createTargetCaller } from "./target-caller.ts";

const pemOf = ({ cert, key }: Certificate): ClientCertificate => ({ certificate: cert, privateKey: key });

/** Servers that miss a certificate say so, or just close the connection, as Node's does. */
function assertNotLetIn(exchange: Exchange): void {
  assert.ok(exchange.kind === "failed", JSON.stringify(exchange));
  assert.ok(["tls", "exchange"].includes(exchange.failure), exchange.failure);
}

describe("calls with a client certificate", () => {
  let [server, one, two] = [] as Certificate[];
  before(() => {
    [server, one, two] = [selfSigned(), selfSigned(), selfSigned()];
  });
  const certificates = (): { server: Certificate; one: Certificate; two: Certificate } => {
    assert.ok(server && one && two);
    return { server, one, two };
  };

  /** An endpoint that asks for a certificate of either client, and answers the fingerprint of the one that it was shown. */
  const startDemanding = (t: Parameters<typeof startEndpoint>[0]): Promise<Endpoint> =>
    startEndpoint(
      t,
      async (incoming, response) => {
        await bodyOf(incoming);
        assert.ok(incoming.socket instanceof TLSSocket);
        answer(response, 200, incoming.socket.getPeerCertificate().fingerprint256);
      },
      { ...certificates().server, clientCa: [certificates().one.cert, certificates().two.cert] },
    );

  it("are let in, and those with none or another's are not", async (t) => {
    const endpoint = await startDemanding(t);
    const { server, one } = certificates();
    const with_ = (clientCertificate: ClientCertificate | undefined) =>
      call(request(endpoint.url), { ca: server.cert, credentialsOf: credentials({ clientCertificate }) });
    const letIn = await with_(pemOf(one));
    assert.ok(letIn.kind === "replied", JSON.stringify(letIn));
    assertNotLetIn(await with_(undefined));
    assertNotLetIn(await with_(pemOf(selfSigned())));
  });

  it("never share a connection with those of another certificate, or of none", async (t) => {
    const endpoint = await startDemanding(t);
    const { server, one, two } = certificates();
    const of: Readonly<Record<string, TargetCredentials>> = {
      one: { signingKeys: [], clientCertificate: pemOf(one) },
      // The same in another object, as it is when another target has it.
      again: { signingKeys: [], clientCertificate: pemOf(one) },
      two: { signingKeys: [], clientCertificate: pemOf(two) },
    };
    const caller = createTargetCaller({ egressAllow: LOOPBACK, ca: server.cert, credentialsOf: (id) => of[id] });
    t.after(() => caller.close());
    const { signal } = new AbortController();
    const shown = async (id: string): Promise<string> => {
      const exchange = await caller.call(request(endpoint.url, { id }), signal);
      if (exchange.kind === "replied") return exchange.body;
      assertNotLetIn(exchange);
      return "not let in";
    };
    const [first, second] = [await shown("one"), await shown("two")];
    assert.notEqual(first, second);
    for (let i = 0; i < 5; i++) {
      assert.equal(await shown("one"), first);
      assert.equal(await shown("none"), "not let in");
      assert.equal(await shown("two"), second);
      assert.equal(await shown("again"), first);
    }
  });

  it("show it to no other origin", async (t) => {
    const { server, one } = certificates();
    const demanding = await startDemanding(t);
    const redirecting = await startEndpoint(
      t,
      (_incoming, response) => answer(response, 307, "", { location: demanding.url }),
      { ...server, clientCa: [one.cert] },
    );
    const credentialsOf = credentials({ clientCertificate: pemOf(one) });
    assertNotLetIn(await call(request(redirecting.url), { ca: server.cert, credentialsOf }));
    assert.equal(demanding.connections(), 1);
  });

  it("say that it cannot be used, and nothing of what is in it", async (t) => {
    const endpoint = await startDemanding(t);
    const { server, one, two } = certificates();
    const unusable: readonly ClientCertificate[] = [
      { certificate: "no certificate", privateKey: one.key },
      { certificate: one.cert, privateKey: "no key" },
      { certificate: one.cert, privateKey: two.key },
      { certificate: "", privateKey: "" },
    ];
    for (const clientCertificate of unusable) {
      const exchange = await call(request(endpoint.url), {
        ca: server.cert,
        credentialsOf: credentials({ clientCertificate }),
      });
      assertFailed(exchange, "tls");
      assert.ok(exchange.kind === "failed" && exchange.detail.startsWith("the client certificate cannot be used"));
    }
    assert.equal(endpoint.connections(), 0);
  });
});
