import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InterposeError } from "@interpose/engine";
import { createEgressRules } from "./rules.ts";

describe("createEgressRules()", () => {
  const check = (address: string, allow: readonly string[] = []): boolean =>
    createEgressRules(allow).check(address).allowed;

  const isPublic = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2606:4700::1",
    "2a00:1450::1",
    "2001:4860:4860::8888",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
  ];
  for (const address of isPublic) it(`lets ${address} be called`, () => assert.equal(check(address), true));

  const isSpecial = [
    "0.0.0.0",
    "0.255.255.255",
    "10.0.0.0",
    "10.255.255.255",
    "100.64.0.0",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.255",
    "172.16.0.0",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.0",
    "192.168.255.255",
    "198.18.0.0",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fec0::1",
    "ff02::1",
  ];
  for (const address of isSpecial) {
    it(`refuses ${address}, and lets it be called where its network is allowed`, () => {
      assert.equal(check(address), false);
      assert.equal(check(address, ["0.0.0.0/0", "::/0"]), true);
    });
  }

  const never = [
    "169.254.0.1",
    "169.254.169.254",
    "169.254.255.255",
    "fe80::1",
    "febf::1",
    "fd00:ec2::254",
    "100.100.100.200",
    "168.63.129.16",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "::169.254.169.254",
  ];
  for (const address of never)
    it(`never lets ${address} be called`, () => assert.equal(check(address, ["0.0.0.0/0", "::/0"]), false));

  const embedded = [
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "0:0:0:0:0:ffff:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "2002:7f00:1::",
    "2002:c0a8:101::1",
    "::10.0.0.1",
  ];
  for (const address of embedded) {
    it(`judges ${address} by the IPv4 address in it`, () => {
      assert.equal(check(address), false);
      assert.equal(check(address, ["::/0"]), false, "allowing the form does not allow what it leads to");
      assert.equal(check(address, ["0.0.0.0/0"]), true);
    });
  }

  const odd = [
    "",
    "localhost",
    "127.1",
    "0177.0.0.1",
    "0x7f.0.0.1",
    "2130706433",
    "1.1.1.1.",
    "1.1.1.01",
    "1.1.1.256",
    "fe80::1%eth0",
    "8.8.8.8%1",
    "[::1]",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7:8:9",
    "12345::",
    "::ffff:1.1.1",
    " 1.1.1.1",
  ];
  for (const address of odd)
    it(`refuses "${address}", which is no address`, () => assert.equal(check(address, ["0.0.0.0/0", "::/0"]), false));

  it("allows no more than the networks that are named", () => {
    assert.equal(check("10.1.2.3", ["10.1.0.0/16"]), true);
    assert.equal(check("10.2.2.3", ["10.1.0.0/16"]), false);
    assert.equal(check("::1", ["::1/128", "127.0.0.0/8"]), true);
    assert.equal(check("192.168.1.7", ["192.168.1.7"]), true);
    assert.equal(check("192.168.1.8", ["192.168.1.7"]), false);
  });

  for (const text of ["10.0.0.0/33", "::/129", "localhost", "10.0.0.0/-1", "10.0.0/8", "10.0.0.0/8/8", ""]) {
    it(`refuses "${text}" in the settings, and names it`, () => {
      assert.throws(
        () => createEgressRules([text]),
        (error) =>
          error instanceof InterposeError && error.reason === "settings_invalid" && error.message.includes(`"${text}"`),
      );
    });
  }

  it("says why, and what would allow it", () => {
    const verdict = createEgressRules([]).check("10.0.0.1");
    assert.ok(!verdict.allowed);
    assert.match(verdict.because, /private \(RFC 1918\).*INTERPOSE_EGRESS_ALLOW/);
  });
});
