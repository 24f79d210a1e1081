// A process that owns a data directory and does nothing else, for tests that kill it: node owner.ts DATA_DIR
import { openEmbedded } from "../../src/store/embedded/index.ts";

const [, , dataDir = ""] = process.argv;
try {
  const embedded = await openEmbedded({
    dataDir,
    role: "serve",
    onFatal: (error) => process.stdout.write(`fatal ${String(error)}\n`),
  });
  process.stdout.write(`${embedded.adopted ? "adopted" : "started"}\n`);
  process.on("SIGTERM", () => void embedded.stop().then(() => process.exit(0)));
  setInterval(() => undefined, 60_000);
} catch (error) {
  process.stdout.write(`refused ${(error as Error).message}\n`);
}
