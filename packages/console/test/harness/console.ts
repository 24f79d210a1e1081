import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { BrowserContext, Page } from "playwright-core";
import { cleanUp, type Cleanup } from "../../../server/test/harness/cleanup.ts";
import {
  ADMIN_TOKEN,
  startServer,
  type TestServer,
  type TestServerOptions,
} from "../../../server/test/harness/server.ts";
import { startChromium } from "./chromium.ts";

/** Longest time that a page gets for what a test waits for, on a busy machine. */
const PATIENCE_MS = 20_000;
/** Where screenshots are kept, as test output. */
const SCREENSHOTS = fileURLToPath(new URL("../../../../.test-output/screenshots/", import.meta.url));
const WIDTHS = [1280, 400] as const;
const THEMES = ["light", "dark"] as const;
const axePath = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** A browser with the console of a started server. */
export interface TestConsole {
  readonly server: TestServer;
  readonly page: Page;
  readonly context: BrowserContext;
  /** Goes to a page of the console, such as "/targets", by loading it. */
  open(path: string): Promise<void>;
  /** Texts of errors that the page may log: a server that is away, a call that is refused. Anything else fails the test. */
  expectErrors(...patterns: readonly RegExp[]): void;
}

/** How a test's console differs from the usual one. */
export interface TestConsoleOptions extends TestServerOptions {
  /** A server that runs already. */
  readonly server?: TestServer;
  /** Default: true. */
  readonly isSignedIn?: boolean;
}

/**
 * Starts a server, and a browser with its console: signed in as the admin, unless it is said otherwise. Whatever the page logs as an error, and each
 * violation of the content security policy among it, fails the suite.
 */
export async function startConsole(t: Cleanup, options: TestConsoleOptions = {}): Promise<TestConsole> {
  const { server: given, isSignedIn = true, ...serverOptions } = options;
  const expected: RegExp[] = [];
  const errors: string[] = [];
  // The first step, which is the last to be taken: whatever it finds, the server and the browser have ended.
  cleanUp(t, () => {
    const unexpected = errors.filter((text) => !expected.some((pattern) => pattern.test(text)));
    assert.deepEqual(unexpected, [], "the page logged errors");
  });
  const server = given ?? (await startServer(t, serverOptions));
  const browser = await startChromium(t);
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(`${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  const open = async (path: string): Promise<void> => {
    await page.goto(`${server.url}/console${path}`);
  };
  if (isSignedIn) {
    await open("/access");
    await signIn(page, ADMIN_TOKEN);
  }
  return { server, page, context, open, expectErrors: (...patterns) => void expected.push(...patterns) };
}

/** Signs in by a token, and waits for the page behind. */
export async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel("Token", { exact: true }).fill(token);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
}

/** Holds a page against axe's rules: nothing serious or critical may be found. */
export async function checkAccessible(page: Page): Promise<void> {
  // Not by a script element, which the page's content security policy would refuse.
  await page.evaluate(await readFile(axePath, "utf8"));
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(): Promise<{
          violations: { id: string; impact: string; help: string; nodes: { html: string; failureSummary: string }[] }[];
        }>;
      };
    };
    const found = await axe.run();
    return found.violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, help, nodes }) => ({
        id,
        help,
        nodes: nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`),
      }));
  });
  assert.deepEqual(violations, [], `axe finds something at ${page.url()}`);
}

/** Keeps pictures of a page, in both themes and at both widths, as NAME-THEME-WIDTH.png; and sees that nothing is wider than the window. */
export async function screenshots(page: Page, name: string): Promise<void> {
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.evaluate(() => scrollTo(0, 0));
  const before = page.viewportSize() ?? { width: 1280, height: 800 };
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    for (const colorScheme of THEMES) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `${SCREENSHOTS}${name}-${colorScheme}-${width}.png`, fullPage: true });
    }
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.ok(overflow <= 0, `${name} is ${overflow} px wider than a window of ${width} px`);
  }
  await page.emulateMedia({ colorScheme: null });
  await page.setViewportSize(before);
}
