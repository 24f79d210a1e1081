import type { Dialect } from "../target.ts";
import type { PayloadDialect } from "./dialect.ts";
import { v2 } from "./v2.ts";
import { v3alpha } from "./v3alpha.ts";

/** The dialects by name. */
export const DIALECTS: Readonly<Record<Dialect, PayloadDialect>> = { v3alpha, v2 };
