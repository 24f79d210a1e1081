import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DEFAULT_DELIVERY_SETTINGS, validateDeliverySettings } from "./settings.ts";

describe("DEFAULT_DELIVERY_SETTINGS", () => {
  it("are valid, begin after five seconds, and go on for about a day", () => {
    assert.equal(validateDeliverySettings(DEFAULT_DELIVERY_SETTINGS), undefined);
    const { retryDelaysMs } = DEFAULT_DELIVERY_SETTINGS;
    assert.equal(retryDelaysMs[0], 5_000);
    const hours = retryDelaysMs.reduce((sum, delay) => sum + delay) / 3_600_000;
    assert.ok(hours > 20 && hours < 28, `${hours} hours`);
  });
});

describe("validateDeliverySettings()", () => {
  it("names what is wrong", () => {
    assert.equal(validateDeliverySettings({}), undefined);
    assert.equal(validateDeliverySettings({ retryDelaysMs: [] }), undefined);
    assert.equal(validateDeliverySettings({ retryDelaysMs: [0] })?.field, "retryDelaysMs");
    assert.equal(validateDeliverySettings({ retryDelaysMs: [Number.NaN] })?.field, "retryDelaysMs");
    assert.equal(validateDeliverySettings({ retryDelaysMs: Array(51).fill(1) })?.field, "retryDelaysMs");
    assert.equal(validateDeliverySettings({ maxConcurrency: 0 })?.field, "maxConcurrency");
    assert.equal(validateDeliverySettings({ maxConcurrency: 1.5 })?.field, "maxConcurrency");
    assert.equal(validateDeliverySettings({ maxPerSecond: -1 })?.field, "maxPerSecond");
    assert.equal(validateDeliverySettings({ maxPerSecond: 0 }), undefined);
  });
});
