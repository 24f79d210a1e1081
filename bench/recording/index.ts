import type { Benchmark } from "../harness/benchmark.ts";
import { number, percent, ratioWithInterval } from "../harness/format.ts";
import { CASES } from "./cases.ts";
import { measureRecording } from "./served.ts";

const MOST_SHARE = 0.05;

export const benchmark: Benchmark = {
  claim: `With every run on record, a hooked call costs a gateway under ${MOST_SHARE * 100} % more CPU than with none, the recording included.`,
  async measure(work) {
    const measured = await measureRecording(work);
    return {
      tables: [
        {
          title: "A hooked call through a gateway, in microseconds of CPU",
          note: "CPU of a process with two gateways of `interpose serve`, one of which is called at a time, with all that it writes of the record, for one call over gRPC with one call target on its request. Calls come at a steady 500 a second; the API, the target and the callers are in another process; PostgreSQL's own CPU is not counted. Payloads and replies are kept. The ratio is the median of turns of 4,000 calls each, with its interval of confidence of 95 %.",
          columns: ["call", "`runs.record: off`", "all on record", "ratio"],
          rows: measured.map(({ which, cpu, ratio }) => [
            CASES[which],
            number(cpu.a),
            number(cpu.b),
            ratioWithInterval(ratio),
          ]),
        },
      ],
      bounds: measured.map(({ which, ratio }) => ({
        what: `what the record adds to a call where ${CASES[which]}`,
        measured: ratio.median - 1,
        under: MOST_SHARE,
        format: percent,
      })),
      meaning: `Recording every run takes ${measured.map(({ which, cpu, ratio }) => `${number(cpu.a * (ratio.median - 1))} µs of CPU for a call where ${CASES[which]}`).join(", and ")}.`,
    };
  },
};
