import { FunctionOrigin } from "@interpose/protocol/gen/interpose/v1/function_service_pb";
import type { Tone } from "../../components/badge.tsx";

/** Where the form for a new function is. Names of functions begin with a letter, so that none is called so. */
export const NEW_FUNCTION_HREF = "/functions/-new";

interface OriginWords {
  readonly tone: Tone;
  readonly label: string;
  /** What it means for changing it. */
  readonly hint: string;
}

const ORIGINS: Readonly<Record<FunctionOrigin, OriginWords>> = {
  [FunctionOrigin.UNSPECIFIED]: { tone: "plain", label: "Unknown", hint: "" },
  [FunctionOrigin.BUILTIN]: { tone: "plain", label: "Built in", hint: "in Interpose itself; it cannot be changed" },
  [FunctionOrigin.SETTINGS]: {
    tone: "plain",
    label: "Settings",
    hint: "in the settings of the server; it is changed there",
  },
  [FunctionOrigin.API]: { tone: "info", label: "API", hint: "over the API or here; it can be changed" },
};

/** Where a function is declared, for people. */
export function originWords(origin: FunctionOrigin): OriginWords {
  return ORIGINS[origin];
}

/** Address of the page of a function. */
export function functionHref(name: string): string {
  return `/functions/${encodeURIComponent(name)}`;
}
