// The demo, on the running Node. See demo.mjs, which finds one that is new enough.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { styleText } from "node:util";
import { CALLERS } from "../examples/orders/callers.mjs";
import { root } from "./install.mjs";

const START_TIMEOUT_MS = 60_000;
const METHOD = "/acme.orders.v1.Orders/Place";
const ORDER = { item: "tea", quantity: 12 };

const keep = process.argv.includes("--keep") || (process.stdin.isTTY && process.stdout.isTTY);
const dataDir = mkdtempSync(join(tmpdir(), "interpose-demo-"));
const token = randomBytes(32).toString("base64url");
const children = [];
const style = (format, text) => styleText(format, text, { stream: process.stdout });

const stopped = new Promise((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, resolve);
});
try {
  await Promise.race([demo(), stopped]);
  if (keep) await stopped;
} catch (error) {
  console.error(`The demo failed: ${error.message}`);
  process.exitCode = 1;
} finally {
  for (const child of children.reverse()) await child.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

async function demo() {
  const api = start("examples/orders/server.mjs", ["0"]);
  const target = start("examples/orders/target.mjs", ["0"]);
  const [apiUrl, targetUrl] = [await api.said(/listens on (\S+)/), await target.said(/listens on (\S+)/)];
  const server = start("packages/server/src/cli/main.ts", ["serve"], {
    INTERPOSE_PORT: "0",
    INTERPOSE_DATA_DIR: dataDir,
    INTERPOSE_ADMIN_TOKEN: token,
    INTERPOSE_EGRESS_ALLOW: "127.0.0.0/8",
    INTERPOSE_GATEWAY_LISTEN: "127.0.0.1:0",
    INTERPOSE_GATEWAY_UPSTREAM: apiUrl,
    INTERPOSE_GATEWAY_DESCRIPTORS: join(root, "examples/orders"),
  });
  const url = await server.said(/ready at (\S+)/);
  const gateway = await server.said(/Gateway +(\S+)/);
  heading("What runs");
  columns([
    ["API", apiUrl, "gRPC alone, and it knows nothing of Interpose (examples/orders/server.mjs)"],
    ["Gateway", gateway, "stands before it"],
    ["Target", targetUrl, "at most ten of anything, and a tenth off (examples/orders/target.mjs)"],
    ["Console", url, "Interpose itself"],
  ]);

  const unhooked = await callAll(gateway);
  await hook(url, targetUrl);
  const hooked = await callAll(gateway);

  heading(`${METHOD} with ${JSON.stringify(ORDER)}`);
  columns([
    ["", style("dim", "unhooked"), style("dim", "hooked")],
    ...Object.keys(CALLERS).map((protocol) => [protocol, unhooked[protocol], style("green", hooked[protocol])]),
  ]);

  const exchanges = target.lines().filter((line) => line.startsWith("{"));
  heading(`What the target saw and changed, in ${exchanges.length} calls`);
  const sides = [...new Set(exchanges)].map((line) => JSON.parse(line));
  columns([
    ["", style("dim", "saw"), style("dim", "answered")],
    ...sides.map(({ side, saw, answered }) => [side, JSON.stringify(saw), style("green", JSON.stringify(answered))]),
  ]);
  if (keep) sayWhatToTry({ url, gateway });
}

/** Places the order in each protocol, and answers the receipts. */
async function callAll(url) {
  const receipts = {};
  for (const [protocol, call] of Object.entries(CALLERS)) {
    const { text, total } = await call(url, ORDER);
    receipts[protocol] = `${text}: ${(total / 100).toFixed(2)}`;
  }
  return receipts;
}

/** Has the target called for requests and responses of the method. In force when this is answered. */
async function hook(url, endpoint) {
  const call = { name: "orders", endpoint, restCall: { interruptOnError: true }, timeout: "5s" };
  const { id } = await manage(url, "POST", "/v3alpha/targets", call);
  for (const side of ["request", "response"]) {
    const execution = { condition: { [side]: { method: METHOD } }, targets: [{ target: id }] };
    await manage(url, "PUT", "/v3alpha/executions", execution);
  }
}

async function manage(url, method, path, body) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await fetch(`${url}${path}`, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
  return response.json();
}

function sayWhatToTry({ url, gateway }) {
  heading("Everything goes on until Ctrl-C. In another terminal:");
  const body = JSON.stringify(ORDER);
  console.log(`  curl -d '${body}' -H 'content-type: application/json' ${gateway}/v1/orders`);
  console.log(`  export INTERPOSE_URL=${url} INTERPOSE_TOKEN=${token}`);
  console.log("  npx interpose executions list");
  console.log(`  npx interpose executions delete request${METHOD}`);
}

function heading(text) {
  console.log(`\n${style("bold", text)}`);
}

/** Prints rows below each other; colours have no width. */
function columns(rows) {
  const width = (text) => text.replace(/\u001b\[\d+m/g, "").length;
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => width(row[i]))));
  for (const row of rows) {
    console.log(`  ${row.map((text, i) => text + " ".repeat(widths[i] - width(text))).join("   ")}`.trimEnd());
  }
}

/** Starts a program of the checkout. */
function start(path, args, env = {}) {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(INTERPOSE_|DATABASE_URL$)/.test(name));
  const child = spawn(process.execPath, [join(root, path), ...args], {
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    // Ctrl-C is for us: we stop it in our order.
    detached: true,
  });
  let output = "";
  let ended = false;
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const exited = once(child, "exit").then(() => (ended = true));
  const started = {
    lines: () => output.split("\n"),
    /** Waits until it has printed something, and answers the pattern's group. */
    async said(pattern) {
      for (const end = Date.now() + START_TIMEOUT_MS; ;) {
        const found = pattern.exec(output);
        if (found) return found[1];
        if (ended || Date.now() > end) throw new Error(`${path} did not start:\n${output}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async stop() {
      if (!ended) child.kill("SIGTERM");
      await exited;
    },
  };
  children.push(started);
  return started;
}
