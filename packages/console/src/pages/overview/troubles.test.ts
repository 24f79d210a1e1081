import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create } from "@bufbuild/protobuf";
import { CountDeliveriesResponseSchema } from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import { GetRunStatisticsResponseSchema } from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import { troublesOf } from "./troubles.ts";

describe("troublesOf()", () => {
  it("has targets that fail, are held or have dead letters, once each, and no others", () => {
    const statistics = create(GetRunStatisticsResponseSchema, {
      targets: [
        { targetId: "fails", callCount: 9n, failedCallCount: 2n, lastFailure: "timeout" },
        { targetId: "well", callCount: 100n },
      ],
    });
    const deliveries = create(CountDeliveriesResponseSchema, {
      targets: [
        { targetId: "fails", targetName: "f", deadCount: 1n },
        { targetId: "held", targetName: "h", heldCount: 50n, hasMoreWaiting: true },
        { targetId: "waits", targetName: "w", waitingCount: 5n },
      ],
    });
    assert.deepEqual(
      troublesOf(statistics, deliveries).map(({ targetId, targetName, failedCallCount, heldCount, deadCount }) => [
        targetId,
        targetName,
        failedCallCount,
        heldCount,
        deadCount,
      ]),
      [
        ["held", "h", 0, 50, 0],
        ["fails", "f", 2, 0, 1],
      ],
    );
  });

  it("has none while nothing is known", () => assert.deepEqual(troublesOf(undefined, undefined), []));
});
