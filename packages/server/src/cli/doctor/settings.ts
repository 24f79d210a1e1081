import { stat } from "node:fs/promises";
import { readAllowEntry } from "@interpose/caller";
import { InterposeError } from "@interpose/engine";
import { LEAVES } from "../../config/index.ts";
import { gatewaysOf } from "../../hosts/gateway/gateways.ts";
import type { Check } from "./check.ts";
import { ok, problem, warning, type Finding } from "./finding.ts";
import { reasonOf } from "./words.ts";

/** Access of users that are not the owner. */
const OTHERS = 0o077;
/** A network with a shorter prefix has most addresses that there are. */
const SHORTEST_PREFIX = { 4: 8, 6: 8 } as const;

/** Whether a start would take the settings, and where they come from. */
export const settings: Check = {
  name: "settings",
  needs: "nothing",
  run: ({ readSettings }) => {
    try {
      const { origins, file } = readSettings();
      const inFile = [...origins.values()].filter((from) => file !== undefined && from.startsWith(`${file}:`)).length;
      if (origins.size === 0) return [ok("No setting was given: all have their defaults.")];
      const places = [
        ...(file === undefined ? [] : [`${inFile} from ${file}`]),
        `${origins.size - inFile} from the environment`,
      ];
      return [ok(`All settings are valid: ${places.join(", ")}.`)];
    } catch (error) {
      return problemsOf(error).map((text) => problem(text, "The start refuses it."));
    }
  },
};

/** The text of a refusal of settings has a heading, and a line for each of them. */
function problemsOf(error: unknown): readonly string[] {
  if (!(error instanceof InterposeError)) return [reasonOf(error)];
  const [heading = "", ...lines] = error.message.split("\n").map((line) => line.trim());
  return lines.length > 0 ? lines : [heading];
}

/** Secrets of the settings, and who else can read them. */
export const secrets: Check = {
  name: "secrets",
  needs: "settings",
  run: async ({ origins, file, settings: { adminToken } }) => {
    const findings: Finding[] = [];
    const secret = LEAVES.filter(({ isSecret }) => isSecret).map(({ path }) => path.join("."));
    const inFile = secret.filter((path) => file !== undefined && origins.get(path)?.startsWith(`${file}:`));
    if (file !== undefined && inFile.length > 0 && process.platform !== "win32") {
      const { mode } = await stat(file);
      if ((mode & OTHERS) !== 0) {
        const text = `${file} holds ${inFile.join(", ")}, and other users can read it (mode ${octal(mode)}).`;
        findings.push(warning(text, `Run "chmod 600 ${file}".`));
      }
    }
    if (adminToken !== undefined) {
      const text = `adminToken is set (${origins.get("adminToken") ?? "settings"}): it may do everything and never expires.`;
      findings.push(warning(text, 'Make tokens with "interpose tokens create", and take it out.'));
    }
    return findings.length > 0 ? findings : [ok("No secret of the settings lies open.")];
  },
};

/** Where targets may live. */
export const egress: Check = {
  name: "egress",
  needs: "settings",
  run: ({ settings: { egress: lists } }) => {
    const faults = lists.allow.flatMap((text) => readAllowEntry(text).fault ?? []);
    if (faults.length > 0) return faults.map((fault) => problem(`egress.allow: ${fault}`, "The start refuses it."));
    const wide = lists.allow.filter((text) => {
      const { entry } = readAllowEntry(text);
      return entry?.kind === "network" && entry.network.prefix < SHORTEST_PREFIX[entry.network.family];
    });
    if (wide.length > 0) {
      const text = `egress.allow has ${wide.join(", ")}: targets may live nearly everywhere, also within your own network.`;
      return [warning(text, "List the networks and hosts that have targets.")];
    }
    const beyond = lists.allow.length === 0 ? "nowhere else" : `at ${lists.allow.join(", ")}`;
    return [ok(lists.only ? `Targets may live ${beyond}.` : `Targets may live at public addresses, and ${beyond}.`)];
  },
};

/** Whether the port, and those of gateways, can be listened in on. */
export const listening: Check = {
  name: "listening",
  needs: "settings",
  run: ({ settings: { host, tls, ...behind } }) => {
    const places = [
      { what: "host", address: host, isTls: tls !== undefined },
      ...gatewaysOf(behind).map((each) => ({
        what: `gateway ${each.name}`,
        address: each.listen.includes(":") ? each.listen.slice(0, each.listen.lastIndexOf(":")) : "127.0.0.1",
        isTls: each.tls !== undefined,
      })),
    ];
    const open = places.filter(({ address, isTls }) => !isTls && !isLoopback(address));
    if (open.length === 0) return [ok("What is open to other machines speaks TLS, or nothing is.")];
    return open.map(({ what, address }) =>
      warning(
        `${what} listens on ${address} without TLS: tokens and messages can be read on the way.`,
        "Set tls.cert and tls.key, or put a proxy with TLS before it and listen on 127.0.0.1.",
      ),
    );
  },
};

function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[?::1\]?)$/i.test(host);
}

/** The bits of a mode that say who may do what. */
export function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, "0");
}
