import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create } from "@bufbuild/protobuf";
import { ServiceEntrySchema } from "@interpose/protocol/gen/interpose/v1/catalog_service_pb";
import type { TreeNode } from "../../components/tree-rows.ts";
import { hookNodes, type Hookable } from "./hook-nodes.ts";

const SERVICES = [
  create(ServiceEntrySchema, {
    name: "shop.v1.Shop",
    methods: [{ name: "/shop.v1.Shop/Order", comment: "Orders.", requestExecution: "request" }],
  }),
];
const named = (...names: string[]) => names.map((name) => ({ name, comment: "" }));
const ALL = {
  services: SERVICES,
  functions: named("preuserinfo"),
  eventTypes: named("user.human.added", "user.human", "order.placed"),
  set: new Set(["request", "event/user.human.*"]),
};

/** Each node as its label and what hooks it, with what is below it deeper. */
function outline(nodes: readonly TreeNode<Hookable>[], depth = 0): string[] {
  return nodes.flatMap(({ label, data, children }) => [
    [`${"  ".repeat(depth)}${label}`, ...data.hookedBy].join(" ← "),
    ...outline(children, depth + 1),
  ]);
}

describe("hookNodes()", () => {
  it("has methods by service, functions, and types of events by group, with what hooks them", () => {
    assert.deepEqual(outline(hookNodes(ALL, "")), [
      "Methods ← request",
      "  shop.v1.Shop",
      "    Order ← request",
      "Functions",
      "  preuserinfo",
      "Events",
      "  order.*",
      "    order.placed",
      "  user.*",
      "    user.human",
      "    user.human.* ← event/user.human.*",
      "      user.human.added",
    ]);
  });

  it("has what a search finds alone", () => {
    assert.deepEqual(outline(hookNodes({ ...ALL, services: [] }, "PLACED")), [
      "Events",
      "  order.*",
      "    order.placed",
    ]);
  });

  it("has both sides of a method to hook, and nothing to hook on the heading of functions", () => {
    const [methods, functions] = hookNodes(ALL, "");
    assert.deepEqual(
      methods?.children[0]?.children[0]?.data.conditions.map(({ kind, name }) => `${kind}/${name}`),
      ["request/shop.v1.Shop/Order", "response/shop.v1.Shop/Order"],
    );
    assert.deepEqual(functions?.data.conditions, []);
  });
});
