import type { Check } from "./check.ts";
import { dataDir } from "./data-dir.ts";
import { database } from "./database.ts";
import { deadLetters, queues, workers } from "./deliveries.ts";
import { gateways } from "./gateways.ts";
import { instanceKeys, masterKey, targetKeys, vault } from "./keys.ts";
import { node } from "./node.ts";
import { server } from "./server.ts";
import { egress, listening, secrets, settings } from "./settings.ts";
import { targets } from "./targets.ts";
import { tls } from "./tls.ts";

/** Every check, in the order in which they are shown. */
export const CHECKS: readonly Check[] = [
  node,
  settings,
  secrets,
  listening,
  tls,
  egress,
  dataDir,
  database,
  masterKey,
  vault,
  instanceKeys,
  targetKeys,
  targets,
  queues,
  deadLetters,
  workers,
  gateways,
  server,
];
