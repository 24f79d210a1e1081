import type { Settings } from "../config/index.ts";

/** What a person is told when the server has started. */
export interface StartMessage {
  readonly version: string;
  readonly url: string;
  readonly store: string;
  /** On the first start only. */
  readonly firstToken: string | undefined;
  readonly egress: Settings["egress"];
  readonly gateways: readonly { readonly name: string; readonly url: string; readonly upstream: string }[];
}

/** The text for standard output. */
export function startMessage({ version, url, store, firstToken, egress, gateways }: StartMessage): string {
  const token = firstToken ?? "$INTERPOSE_TOKEN";
  const lines = [
    `Interpose ${version} is ready at ${url}`,
    "",
    `  Console  ${url}/`,
    `  Store    ${store}`,
    `  API      ${url}/openapi.json`,
    ...egressLine(egress),
    ...gateways.map((gateway) => `  Gateway  ${gateway.url} before ${gateway.upstream} (${gateway.name})`),
    ...(firstToken === undefined
      ? []
      : [`  Token    ${firstToken}`, "           (an admin's; it is shown this once, so keep it)"]),
    "",
    "  Try it:",
    `  curl -H "Authorization: Bearer ${token}" ${url}/v3alpha/executions/methods`,
    "",
  ];
  return `${lines.join("\n")}\n`;
}

function egressLine({ allow, only }: Settings["egress"]): readonly string[] {
  const list = allow.join(", ");
  if (only) return [`  Egress   targets may live only ${list === "" ? "where lists of their own say" : `in ${list}`}`];
  return list === "" ? [] : [`  Egress   targets may live at public addresses and in ${list}`];
}
