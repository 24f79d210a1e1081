import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { cleanUp } from "../../test/harness/cleanup.ts";
import { assertLittleIsLeft } from "../../test/harness/survivors/index.ts";

describe("what is made for a delivery that is over", () => {
  it("goes with the collections of young objects", async (t) => {
    const target = createServer((request, response) => request.resume().on("end", () => response.end("{}")));
    target.listen(0, "127.0.0.1");
    await once(target, "listening");
    cleanUp(t, () => void target.close());
    const { port } = target.address() as AddressInfo;
    await assertLittleIsLeft("deliveries", { endpoint: `http://127.0.0.1:${port}/` }, 1_000);
  });
});
