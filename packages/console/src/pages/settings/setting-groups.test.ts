import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create } from "@bufbuild/protobuf";
import { SettingSchema } from "@interpose/protocol/gen/interpose/v1/instance_service_pb";
import { groupSettings } from "./setting-groups.ts";

const SETTINGS = [
  { path: "host", value: '"127.0.0.1"', source: "default", description: "Address to listen at." },
  { path: "egress.allow", value: '["10.0.0.0/8"]', source: "INTERPOSE_EGRESS_ALLOW", description: "Networks." },
  { path: "port", value: "8080", source: "--port", description: "Port." },
  { path: "egress.proxy", value: "", source: "default", description: "A proxy." },
].map((setting) => create(SettingSchema, setting));

function paths(search: Parameters<typeof groupSettings>[1]): readonly unknown[] {
  return groupSettings(SETTINGS, search).map(({ name, settings }) => [name, settings.map(({ path }) => path)]);
}

describe("groupSettings()", () => {
  it("has those with the same first part together", () =>
    assert.deepEqual(paths({ text: "", isSetOnly: false }), [
      ["", ["host", "port"]],
      ["egress", ["egress.allow", "egress.proxy"]],
    ]));

  it("leaves out what has its default", () =>
    assert.deepEqual(paths({ text: "", isSetOnly: true }), [
      ["egress", ["egress.allow"]],
      ["", ["port"]],
    ]));

  it("finds paths, values and descriptions", () => {
    assert.deepEqual(paths({ text: "PROXY", isSetOnly: false }), [["egress", ["egress.proxy"]]]);
    assert.deepEqual(paths({ text: "10.0", isSetOnly: false }), [["egress", ["egress.allow"]]]);
    assert.deepEqual(paths({ text: "listen", isSetOnly: false }), [["", ["host"]]]);
  });
});
