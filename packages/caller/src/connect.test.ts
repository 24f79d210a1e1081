import assert from "node:assert/strict";
import type { LookupAddress } from "node:dns";
import { BlockList, Socket } from "node:net";
import { describe, it } from "node:test";
import type { Exchange } from "@interpose/engine";
import fc from "fast-check";
import { assertFailed, call, request } from "../test/call.ts";
import { answer, startEndpoint } from "../test/endpoint.ts";
import { createCheckedConnector } from "./connect.ts";
import { createEgressRules } from "./egress/rules.ts";
import { EgressDenied } from "./failure.ts";

/** A resolver that answers the same for each name. */
function resolvesTo(...addresses: readonly string[]): () => Promise<readonly LookupAddress[]> {
  return () => Promise.resolve(addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })));
}

function detailOf(exchange: Exchange): string {
  return exchange.kind === "failed" ? exchange.detail : "";
}

/** Ways to write a loopback address, or a name that leads there, in a URL. */
const LOOPBACK_HOSTS = [
  ["127.0.0.1", "localhost", "LOCALHOST", "localhost.", "127.0.0.1."],
  ["2130706433", "0x7f000001", "0x7F.1", "0177.0.0.1", "127.1", "127.0.1", "017700000001", "0x7f.0.0x0.01"],
  ["１２７.0.0.1", "127。0。0。1", "①②⑦.0.0.1", "%31%32%37.0.0.1", "127.0.0.%31", "loc%61lhost"],
  ["[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]"],
  ["[2002:7f00:1::]", "[::ffff:0:127.0.0.1]", "0", "0.0.0.0", "[::]"],
  ["8.8.8.8@127.0.0.1", "user:pass@127.0.0.1", "example.com%40127.0.0.1@localhost", "a:b%40c@[::1]"],
].flat();

describe("egress rules at the time of a call", () => {
  it("keep loopback out unless it is allowed, however it is written", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 200));
    for (const host of LOOPBACK_HOSTS) {
      const sent = request(`http://${host}:${endpoint.port}/`);
      const exchange = await call(sent, { egressAllow: [], resolve: resolvesTo("127.0.0.1") });
      assert.equal(exchange.kind === "failed" && exchange.failure, "egress_denied", `${host}: ${detailOf(exchange)}`);
    }
    assert.equal(endpoint.connections(), 0);
  });

  it("keep it out after a redirect too", async (t) => {
    let location = "";
    const inside = await startEndpoint(t, (_incoming, response) => answer(response, 200));
    const outside = await startEndpoint(t, (_incoming, response) => answer(response, 307, "", { location }));
    // The first endpoint is there by its name alone.
    const options = { egressAllow: ["first.corp"], resolve: resolvesTo("127.0.0.1") };
    const first = request(`http://first.corp:${outside.port}/`);
    // What a header can hold.
    const hosts = [...LOOPBACK_HOSTS, "second.corp", "169.254.169.254", "[fe80::1]"].filter(
      (host) => !/[^ -~]/.test(host),
    );
    for (const host of hosts) {
      location = `http://${host}:${inside.port}/`;
      assertFailed(await call(first, options), "egress_denied");
    }
    assert.equal(inside.connections(), 0);
    assert.equal(outside.connections(), hosts.length);
    location = `http://first.corp:${inside.port}/`;
    assert.equal((await call(first, options)).kind, "replied");
  });

  it("are not misled by what stands before an @, or by what is no URL", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 200));
    const asked: string[] = [];
    const resolve = (host: string) => {
      asked.push(host);
      return resolvesTo("10.0.0.1")();
    };
    for (const host of ["127.0.0.1@evil.invalid", "127.0.0.1:80@evil.invalid", "127.0.0.1%00@evil.invalid"])
      assertFailed(await call(request(`http://${host}:${endpoint.port}/`), { resolve }), "egress_denied");
    assert.deepEqual(asked, ["evil.invalid", "evil.invalid", "evil.invalid"]);
    for (const host of ["[fe80::1%eth0]", "[fe80::1%25eth0]", "::1", "127.0.0.1%00", "127.0.0.1.1", "256.0.0.1"]) {
      const exchange = await call(request(`http://${host}/`), { egressAllow: ["::/0", "0.0.0.0/0"], resolve });
      assertFailed(exchange, "connect");
      assert.equal(detailOf(exchange), "the endpoint is not an http or https URL");
    }
    assert.equal(asked.length, 3);
  });

  it("hold for what a name resolves to, and only for the addresses that are allowed", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 200));
    const resolve = resolvesTo("10.0.0.1", "127.0.0.1");
    const sent = request(`http://rebinding.invalid:${endpoint.port}/`);
    assertFailed(await call(sent, { egressAllow: [], resolve }), "egress_denied");
    assert.equal((await call(sent, { resolve })).kind, "replied", "the allowed one of the two is used");
  });

  it("let hosts that are named live at private addresses, and at no link-local or reserved ones", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 200));
    const options = { egressAllow: ["hooks.corp", "*.bücher.example"], resolve: resolvesTo("127.0.0.1") };
    const at = (host: string) => call(request(`http://${host}:${endpoint.port}/`), options);
    for (const host of ["hooks.corp", "HOOKS.Corp.", "a.b.bücher.example", "A.xn--bcher-kva.example."])
      assert.equal((await at(host)).kind, "replied", host);
    for (const host of ["a.hooks.corp", "bücher.example", "hooks.corp.evil.invalid", "127.0.0.1", "user@other.corp"])
      assertFailed(await at(host), "egress_denied");
    for (const address of ["169.254.169.254", "fe80::1", "fd00:ec2::254", "0.0.0.0", "224.0.0.1", "::"]) {
      const exchange = await call(request("http://hooks.corp/"), { ...options, resolve: resolvesTo(address) });
      assertFailed(exchange, "egress_denied");
    }
  });

  it("say which address was refused, why, and which setting would allow it", async () => {
    const named = { resolve: resolvesTo("10.0.0.1"), egressAllow: [] };
    const refused = detailOf(await call(request("http://hooks.corp/"), named));
    assert.match(refused, /^10\.0\.0\.1: private \(RFC 1918\) .*INTERPOSE_EGRESS_ALLOW/);
  });

  it("let only what is listed be called, where that is asked for", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 200));
    const options = { egressOnly: true, egressAllow: ["hooks.corp"], resolve: resolvesTo("127.0.0.1") };
    assert.equal((await call(request(`http://hooks.corp:${endpoint.port}/`), options)).kind, "replied");
    for (const url of ["http://8.8.8.8/", "http://[2606:4700::1]/"]) {
      const exchange = await call(request(url), options);
      assertFailed(exchange, "egress_denied");
      assert.match(detailOf(exchange), /egress\.only/);
    }
    const isPublic = { ...options, resolve: resolvesTo("8.8.8.8") };
    assertFailed(await call(request("http://other.corp/"), isPublic), "egress_denied");
  });

  it("are not moved by a name that resolves to another address the second time", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 200));
    let asked = 0;
    // 192.0.2.1 is never routed; it is allowed here, as a public address would be, and is the one that is connected to.
    const resolve = () => resolvesTo(asked++ === 0 ? "192.0.2.1" : "127.0.0.1")();
    const exchange = await call(request(`http://rebinding.invalid:${endpoint.port}/`, { timeoutMs: 300 }), {
      egressAllow: ["192.0.2.0/24"],
      resolve,
    });
    assert.equal(exchange.kind, "failed");
    assert.equal(endpoint.connections(), 0);
    assert.equal(asked, 1);
  });
});

/** What a checked connector makes of a host: the addresses that it connected to, and its error. The made-up socket leads to `peer`, or to what was connected to. */
async function connected(
  host: string,
  given: {
    readonly allow?: readonly string[];
    readonly resolve?: (host: string) => Promise<readonly LookupAddress[]>;
    readonly peer?: string;
    /** Whether connecting fails. */
    readonly fails?: boolean;
  },
): Promise<{ readonly tried: readonly string[]; readonly sockets: number; readonly error: Error | null }> {
  const tried: string[] = [];
  const connector = createCheckedConnector({
    rules: createEgressRules({ allow: given.allow ?? [] }),
    resolve: given.resolve ?? (() => Promise.resolve([])),
    connect: ({ hostname }, callback) => {
      tried.push(hostname);
      if (given.fails) {
        callback(new Error("refused"), null);
        return;
      }
      const socket = new Socket();
      Object.defineProperty(socket, "remoteAddress", { value: given.peer ?? hostname });
      callback(null, socket);
    },
  });
  return new Promise((resolve) => {
    connector({ hostname: host, protocol: "http:", port: "80" }, (error, socket) => {
      resolve({ tried, sockets: socket === null ? 0 : 1, error });
    });
  });
}

describe("createCheckedConnector()", () => {
  it("looks where a socket really leads", async () => {
    const resolve = resolvesTo("8.8.8.8");
    for (const peer of ["127.0.0.1", "::ffff:10.0.0.1", "fe80::1%eth0", ""]) {
      const { sockets, error } = await connected("evil.invalid", { resolve, peer });
      assert.equal(sockets, 0);
      assert.ok(error instanceof EgressDenied && error.message.startsWith(`connected to ${peer}`), error?.message);
    }
    assert.equal((await connected("good.invalid", { resolve })).sockets, 1);
  });

  it("of a name with public and private addresses connects to the public ones alone", async () => {
    const resolve = resolvesTo("10.0.0.1", "8.8.8.8", "::1", "2606:4700::1", "169.254.169.254");
    const { tried } = await connected("both.invalid", { resolve, fails: true });
    assert.deepEqual(tried, ["8.8.8.8", "2606:4700::1"]);
  });

  it("of a name with very many addresses looks at a hundred, and tries eight", async () => {
    const many = (last: string) => resolvesTo(...Array.from({ length: 500 }, (_, i) => `${last}.${i >> 8}.${i & 255}`));
    const { tried } = await connected("many.invalid", { resolve: many("8.8"), fails: true });
    assert.deepEqual(tried, ["8.8.0.0", "8.8.0.1", "8.8.0.2", "8.8.0.3", "8.8.0.4", "8.8.0.5", "8.8.0.6", "8.8.0.7"]);
    const { error } = await connected("many.invalid", { resolve: many("10.0") });
    assert.match(error?.message ?? "", /^10\.0\.0\.0: .*; 10\.0\.0\.1: .*; 10\.0\.0\.2: .*; and 497 more addresses$/);
    const late = [...Array.from({ length: 100 }, () => "10.0.0.1"), "8.8.8.8"];
    assert.deepEqual((await connected("late.invalid", { resolve: resolvesTo(...late) })).tried, []);
  });

  const PRIVATE = [
    ["127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"],
    [
      "::1",
      "::",
      "fe80::1",
      "fe80::1%eth0",
      "fd00::1",
      "::ffff:10.0.0.1",
      "64:ff9b::7f00:1",
      "2002:7f00:1::",
      "ff02::1",
    ],
  ].flat();
  const PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700::1", "::ffff:8.8.8.8"];
  const number = fc.oneof(
    fc.constantFrom(0, 1, 10, 127, 169, 172, 192, 254, 255, 256, 2130706433, 2852039166, 4294967295),
    fc.nat({ max: 2 ** 32 }),
  );
  const part = fc.oneof(
    number.map(String),
    number.map((n) => `0x${n.toString(16)}`),
    number.map((n) => `0${n.toString(8)}`),
    number.map((n) => String.fromCodePoint(0xff10 + (n % 10))),
    fc.constantFrom("", "%31", "%2e", "%00", "①", "²", "a", "xn--", "localhost", "corp", "İ"),
  );
  const dot = fc.constantFrom(".", ".", ".", "。", "．", "%2e", "..");
  const dotted = fc
    .array(fc.tuple(part, dot), { minLength: 1, maxLength: 5 })
    .chain((parts) =>
      fc.boolean().map((ends) => parts.map(([p, d], i) => p + (i < parts.length - 1 || ends ? d : "")).join("")),
    );
  const group = fc.oneof(
    fc.constantFrom("", "0", "1", "ffff", "64", "ff9b", "2002", "7f00", "5efe", "a9fe", "fe80"),
    fc.stringMatching(/^[0-9a-f]{1,4}$/),
  );
  const bracketed = fc
    .tuple(
      fc.array(group, { minLength: 1, maxLength: 9 }),
      fc.constantFrom("", ":127.0.0.1", ":10.0.0.1", "%eth0", "%25lo"),
    )
    .map(([groups, end]) => `[${groups.join(":")}${end}]`);
  const special = fc.constantFrom(...PRIVATE.map((address) => (address.includes(":") ? `[${address}]` : address)));
  const host = fc.oneof(dotted, bracketed, special, fc.constantFrom(...LOOPBACK_HOSTS), fc.domain());
  const url = fc
    .tuple(
      fc.constantFrom("http://", "https://", "HTTP:", "http:\\\\", "http:///", " http://\t"),
      fc.constantFrom("", "", "127.0.0.1@", "evil@", "8.8.8.8:80@", "a:b@c@", "%40@"),
      host,
      fc.constantFrom("", ":80", ":", ":8080", "#@8.8.8.8", "?@8.8.8.8", "\\@8.8.8.8", "/@8.8.8.8", ":80@8.8.8.8"),
    )
    .map((pieces) => pieces.join(""));
  const answers = fc.array(fc.array(fc.constantFrom(...PRIVATE, ...PUBLIC), { maxLength: 4 }), {
    minLength: 1,
    maxLength: 4,
  });

  it("connects to no private address, whatever a URL says and names resolve to", async () => {
    let parsed = 0;
    let sockets = 0;
    await fc.assert(
      fc.asyncProperty(url, answers, async (text, told) => {
        if (!URL.canParse(text)) return;
        parsed++;
        let asked = 0;
        const resolve = () => resolvesTo(...(told[asked++ % told.length] ?? []))();
        const { tried, sockets: made } = await connected(new URL(text).hostname, { resolve });
        sockets += made;
        for (const address of tried) assert.ok(isPublic(address), `${text} led to ${address}`);
      }),
      { numRuns: 3_000 },
    );
    assert.ok(parsed > 500 && sockets > 20, `${parsed} were URLs, ${sockets} led to a socket`);
  });
});

/** Networks that are private or reserved, in Node's own reading of them. */
const SPECIAL = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["224.0.0.0", 3],
] as const)
  SPECIAL.addSubnet(network, prefix, "ipv4");

/** Whether an address is public, judged by other means than the rules. */
function isPublic(address: string): boolean {
  if (!address.includes(":")) return !SPECIAL.check(address, "ipv4");
  const [head = "", tail = ""] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const [before, after] = [head, tail].map((half) => half.split(":").filter((group) => group !== "")) as [
    string[],
    string[],
  ];
  const groups = [...before, ...Array<string>(8 - before.length - after.length).fill("0"), ...after];
  const ipv4At = (i: number): string =>
    groups
      .slice(i, i + 2)
      .map((group) => Number.parseInt(group, 16))
      .map((n) => `${n >> 8}.${n & 255}`)
      .join(".");
  const prefix = groups.slice(0, 6).join(":");
  if (["0:0:0:0:0:ffff", "0:0:0:0:ffff:0", "0:0:0:0:0:0", "64:ff9b:0:0:0:0"].includes(prefix))
    return isPublic(ipv4At(6));
  if (groups[0] === "2002") return isPublic(ipv4At(1));
  if (groups[5] === "5efe" && ["0", "200"].includes(groups[4] ?? "") && !isPublic(ipv4At(6))) return false;
  return (
    /^[23][0-9a-f]{3}$/.test(groups[0] ?? "") && !(groups[0] === "2001" && Number.parseInt(groups[1] ?? "", 16) < 0x200)
  );
}
