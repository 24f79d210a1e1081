import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InterposeError } from "@interpose/engine";
import { createEgressRules, type EgressLists } from "./rules.ts";

const EVERYWHERE = ["0.0.0.0/0", "::/0"];
const HOST = "hooks.corp";

function check(address: string, lists: Partial<EgressLists> = {}, host?: string): boolean {
  return createEgressRules({ allow: [], ...lists }).check(address, host).allowed;
}

/** What an address may be called by. */
const KINDS = {
  public: { byDefault: true, byName: true, byNetwork: true },
  private: { byDefault: false, byName: true, byNetwork: true },
  reserved: { byDefault: false, byName: false, byNetwork: true },
  never: { byDefault: false, byName: false, byNetwork: false },
} as const;

function assertKind(address: string, kind: keyof typeof KINDS): void {
  const { byDefault, byName, byNetwork } = KINDS[kind];
  assert.equal(check(address), byDefault, "by default");
  assert.equal(check(address, { only: true }), false, "by default, with only");
  assert.equal(check(address, { allow: [HOST] }, HOST), byName, "by the name of its host");
  assert.equal(check(address, { allow: [HOST], only: true }, HOST), byName, "by the name of its host, with only");
  assert.equal(check(address, { allow: [HOST] }, "other.corp"), byDefault, "by the name of another host");
  assert.equal(check(address, { allow: EVERYWHERE }), byNetwork, "by its network");
  assert.equal(check(address, { allow: EVERYWHERE, only: true }), byNetwork, "by its network, with only");
  assert.equal(check(address, { ofTarget: EVERYWHERE }), byNetwork, "by its network, in the list of the target");
  assert.equal(
    check(address, { ofTarget: [HOST] }, HOST),
    byName,
    "by the name of its host, in the list of the target",
  );
}

describe("the kinds of addresses", () => {
  /** First and last address of each special range, and those just outside. */
  const ranges: readonly (readonly [keyof typeof KINDS, readonly string[]])[] = [
    ["reserved", ["0.0.0.0", "0.255.255.255"]],
    ["public", ["1.0.0.0", "9.255.255.255"]],
    ["private", ["10.0.0.0", "10.255.255.255"]],
    ["public", ["11.0.0.0", "100.63.255.255"]],
    ["private", ["100.64.0.0", "100.100.100.199", "100.100.100.201", "100.127.255.255"]],
    ["never", ["100.100.100.200"]],
    ["public", ["100.128.0.0", "126.255.255.255"]],
    ["private", ["127.0.0.0", "127.0.0.1", "127.255.255.255"]],
    ["public", ["128.0.0.0", "168.63.129.15", "168.63.129.17", "169.253.255.255"]],
    ["never", ["168.63.129.16", "169.254.0.0", "169.254.169.254", "169.254.255.255"]],
    ["public", ["169.255.0.0", "172.15.255.255"]],
    ["private", ["172.16.0.0", "172.31.255.255"]],
    ["public", ["172.32.0.0", "191.255.255.255"]],
    ["reserved", ["192.0.0.0", "192.0.0.191", "192.0.0.193", "192.0.0.255"]],
    ["never", ["192.0.0.192"]],
    ["public", ["192.0.1.0", "192.0.1.255"]],
    ["reserved", ["192.0.2.0", "192.0.2.255"]],
    ["public", ["192.0.3.0", "192.31.195.255"]],
    ["reserved", ["192.31.196.0", "192.31.196.255"]],
    ["public", ["192.31.197.0", "192.52.192.255"]],
    ["reserved", ["192.52.193.0", "192.52.193.255"]],
    ["public", ["192.52.194.0", "192.88.98.255"]],
    ["reserved", ["192.88.99.0", "192.88.99.255"]],
    ["public", ["192.88.100.0", "192.167.255.255"]],
    ["private", ["192.168.0.0", "192.168.255.255"]],
    ["public", ["192.169.0.0", "192.175.47.255"]],
    ["reserved", ["192.175.48.0", "192.175.48.255"]],
    ["public", ["192.175.49.0", "198.17.255.255"]],
    ["reserved", ["198.18.0.0", "198.19.255.255"]],
    ["public", ["198.20.0.0", "198.51.99.255"]],
    ["reserved", ["198.51.100.0", "198.51.100.255"]],
    ["public", ["198.51.101.0", "203.0.112.255"]],
    ["reserved", ["203.0.113.0", "203.0.113.255"]],
    ["public", ["203.0.114.0", "223.255.255.255"]],
    ["reserved", ["224.0.0.0", "239.255.255.255", "240.0.0.0", "255.255.255.255"]],

    ["reserved", ["::"]],
    ["private", ["::1"]],
    ["reserved", ["::1:0:0:0", "64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", "64:ff9b:0:0:0:1::"]],
    ["reserved", ["64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "64:ff9b:2::"]],
    ["reserved", ["100::", "100::ffff:ffff:ffff:ffff", "100:0:0:1::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]],
    ["public", ["2000::", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]],
    ["reserved", ["2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"]],
    ["public", ["2001:200::", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff"]],
    ["reserved", ["2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"]],
    ["public", ["2001:db9::", "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::"]],
    ["public", ["2620:4f:7fff:ffff:ffff:ffff:ffff:ffff", "2620:4f:8001::"]],
    ["reserved", ["2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff"]],
    ["public", ["3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]],
    ["reserved", ["3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"]],
    ["reserved", ["4000::", "5eff::", "5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "5f01::", "8000::"]],
    ["reserved", ["fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]],
    [
      "private",
      [
        "fc00::",
        "fd00:ec1:ffff::",
        "fd00:ec3::",
        "fd00:42::41",
        "fd20:ce::255",
        "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
      ],
    ],
    ["never", ["fd00:ec2::", "fd00:ec2::254", "fd00:ec2:ffff:ffff:ffff:ffff:ffff:ffff", "fd00:42::42", "fd20:ce::254"]],
    ["reserved", ["fe00::", "fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]],
    ["never", ["fe80::", "fe80::1", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]],
    ["private", ["fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]],
    ["reserved", ["ff00::", "ff02::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]],
  ];
  for (const [kind, addresses] of ranges) {
    for (const address of addresses) it(`${address} is ${kind}`, () => assertKind(address, kind));
  }
});

describe("an IPv6 address that carries an IPv4 one", () => {
  /** Address by form, which hold "a.b.c.d" or "ABCD:EFGH" in its place. */
  const instead: readonly (readonly [string, (dotted: string, hex: string) => string])[] = [
    ["mapped", (dotted) => `::ffff:${dotted}`],
    ["mapped, in hex", (_dotted, hex) => `0:0:0:0:0:FFFF:${hex}`],
    ["translated", (dotted) => `::ffff:0:${dotted}`],
    ["NAT64", (dotted) => `64:ff9b::${dotted}`],
    ["6to4", (_dotted, hex) => `2002:${hex}::1`],
    ["compatible", (dotted) => `::${dotted}`],
  ];
  const inner: readonly (readonly [string, string, keyof typeof KINDS])[] = [
    ["8.8.8.8", "808:808", "public"],
    ["127.0.0.1", "7f00:1", "private"],
    ["10.0.0.0", "a00:0", "private"],
    ["192.168.1.1", "c0a8:101", "private"],
    ["224.0.0.1", "e000:1", "reserved"],
    ["255.255.255.255", "ffff:ffff", "reserved"],
    ["169.254.169.254", "a9fe:a9fe", "never"],
    ["100.100.100.200", "6464:64c8", "never"],
    ["168.63.129.16", "a83f:8110", "never"],
  ];
  for (const [form, write] of instead) {
    for (const [dotted, hex, kind] of inner) {
      const address = write(dotted, hex);
      it(`${address} (${form}) is ${kind}, as ${dotted} is`, () => assertKind(address, kind));
      it(`${address} (${form}) is not allowed by the network of its form`, () => {
        assert.equal(check(address, { allow: ["::/0"] }), kind === "public");
      });
    }
  }

  for (const [address, kind] of [
    ["::0.0.0.0", "reserved"],
    ["::0.0.0.1", "private"],
    ["::0.0.0.2", "reserved"],
    // Teredo: server, then client with its bits turned over.
    ["2001:0:808:808::f7f7:f7f7", "reserved"],
    ["2001:0:a9fe:a9fe::f7f7:f7f7", "never"],
    ["2001:0:808:808::5601:5601", "never"],
    // Local NAT64, behind prefixes of 48, 56, 64 and 96 bits.
    ["64:ff9b:1:a9fe:a9:fe00::", "never"],
    ["64:ff9b:1:a9:fe:a9fe::", "never"],
    ["64:ff9b:1:0:a9:fea9:fe00:0", "never"],
    ["64:ff9b:1::169.254.169.254", "never"],
    ["64:ff9b:1::10.0.0.1", "reserved"],
    // ISATAP, with the bit for addresses that are unique in the world and without.
    ["2a00:1450::5efe:8.8.8.8", "public"],
    ["2a00:1450::200:5efe:8.8.8.8", "public"],
    ["2a00:1450::5efe:10.0.0.1", "private"],
    ["2a00:1450::200:5efe:127.0.0.1", "private"],
    ["2a00:1450::5efe:169.254.169.254", "never"],
    ["fe80::5efe:8.8.8.8", "never"],
    ["fd00::5efe:8.8.8.8", "private"],
    ["2a00:1450::300:5efe:10.0.0.1", "public"],
    ["2a00:1450::5eff:10.0.0.1", "public"],
  ] as const) {
    it(`${address} is ${kind}`, () => assertKind(address, kind));
  }

  it("by Teredo or ISATAP needs both to be allowed", () => {
    for (const [address, allow] of [
      ["2a00:1450::5efe:10.0.0.1", ["2a00:1450::/32"]],
      ["fd00::5efe:10.0.0.1", ["fd00::/8"]],
      ["fd00::5efe:10.0.0.1", ["10.0.0.0/8"]],
      ["2001:0:808:808::f5ff:fffe", ["2001::/32"]],
    ] as const) {
      assert.equal(check(address, { allow }), false, `${address} by ${allow.join()}`);
      assert.equal(check(address, { allow: [...allow, "10.0.0.0/8", "fd00::/8"] }), true, address);
    }
  });
});

describe("createEgressRules()", () => {
  const odd = [
    ["", "localhost", "127.1", "0177.0.0.1", "0x7f.0.0.1", "2130706433", "1.1.1.1.", "1.1.1.01", "1.1.1.256", "1.1.1"],
    ["fe80::1%eth0", "::1%1", "8.8.8.8%1", "[::1]", ":::", "1::2::3", "1:2:3:4:5:6:7:8:9", "12345::", "::ffff:1.1.1"],
    [" 1.1.1.1", "1.1.1.1\n", "１.1.1.1", "1.1.1.1:80", "1:2:3:4:5:6:7::8::", "::1.1.1.1:1", "1e0.1.1.1", "-1.1.1.1"],
  ].flat();
  for (const address of odd) {
    it(`refuses ${JSON.stringify(address)}, which is no address`, () => {
      assert.equal(check(address, { allow: [...EVERYWHERE, HOST] }, HOST), false);
    });
  }

  it("allows no more than the networks that are named", () => {
    assert.equal(check("10.1.2.3", { allow: ["10.1.0.0/16"] }), true);
    assert.equal(check("10.2.2.3", { allow: ["10.1.0.0/16"] }), false);
    assert.equal(check("::1", { allow: ["::1/128", "127.0.0.0/8"] }), true);
    assert.equal(check("192.168.1.7", { allow: ["192.168.1.7"] }), true);
    assert.equal(check("192.168.1.8", { allow: ["192.168.1.7"] }), false);
    assert.equal(check("8.8.8.8", { allow: ["8.8.8.0/24"], only: true }), true);
    assert.equal(check("8.8.9.8", { allow: ["8.8.8.0/24"], only: true }), false);
  });

  it("allows private addresses to the hosts that are named, and to no others", () => {
    for (const [pattern, host, has] of [
      ["hooks.corp", "hooks.corp", true],
      ["hooks.corp", "hooks.corp.", true],
      ["hooks.corp", "a.hooks.corp", false],
      ["*.hooks.corp", "a.hooks.corp", true],
      ["*.hooks.corp", "hooks.corp", false],
      ["hooks.corp", undefined, false],
    ] as const) {
      assert.equal(check("10.0.0.1", { allow: [pattern] }, host), has, `${pattern} for ${host}`);
      assert.equal(check("10.0.0.1", { ofTarget: [pattern] }, host), has, `${pattern} for ${host}, of the target`);
    }
  });

  for (const text of ["10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0/8", "10.0.0.0/8/8", "10.0.0", "a b", ""]) {
    it(`refuses "${text}" in the lists, and names it`, () => {
      for (const [lists, setting] of [
        [{ allow: [text] }, "egress.allow"],
        [{ allow: [], ofTarget: [text] }, "egress_allow"],
      ] as const) {
        assert.throws(
          () => createEgressRules(lists),
          (error) =>
            error instanceof InterposeError &&
            error.reason === "settings_invalid" &&
            error.message.startsWith(`${setting}: "${text}"`),
        );
      }
    });
  }

  const reasons: readonly (readonly [string, Partial<EgressLists>, RegExp])[] = [
    [
      "10.0.0.1",
      {},
      /^private \(RFC 1918\).*only where egress\.allow \(INTERPOSE_EGRESS_ALLOW\) or egress_allow of the target has their network or the name of their host$/,
    ],
    ["224.0.0.1", {}, /^multicast.*INTERPOSE_EGRESS_ALLOW.*has their network$/],
    [
      "8.8.8.8",
      { only: true },
      /^with egress\.only \(INTERPOSE_EGRESS_ONLY\).*INTERPOSE_EGRESS_ALLOW.*network or the name/,
    ],
    ["169.254.169.254", { allow: EVERYWHERE }, /^link-local, cloud metadata \(RFC 3927\) addresses are never called$/],
    ["64:ff9b::a00:1", {}, /^NAT64 \(RFC 6052\): private \(RFC 1918\)/],
    ["localhost", {}, /^"localhost" is not an IP address$/],
  ];
  for (const [address, lists, says] of reasons) {
    it(`says why ${address} is refused, and what would allow it`, () => {
      const verdict = createEgressRules({ allow: [], ...lists }).check(address);
      assert.ok(!verdict.allowed);
      assert.match(verdict.because, says);
    });
  }
});
