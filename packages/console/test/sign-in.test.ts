import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { forSuite } from "../../server/test/harness/cleanup.ts";
import { ADMIN_TOKEN } from "../../server/test/harness/server.ts";
import { checkAccessible, screenshots, signIn, startConsole, type TestConsole } from "./harness/console.ts";
import { startProvider, type TestProvider } from "./harness/provider.ts";

describe("signing in", () => {
  let at: TestConsole;
  let provider: TestProvider;
  const suite = forSuite();
  before(async () => {
    provider = await startProvider(suite);
    at = await startConsole(suite, {
      isSignedIn: false,
      env: {
        INTERPOSE_OIDC_ISSUER: provider.issuer,
        INTERPOSE_OIDC_AUDIENCE: provider.audience,
        INTERPOSE_OIDC_ROLES_CLAIM: "roles",
        INTERPOSE_CONSOLE_OIDC_CLIENT_ID: provider.clientId,
        INTERPOSE_CONSOLE_OIDC_RESOURCE: provider.audience,
      },
    });
    at.expectErrors(/401 \(Unauthorized\)/);
  });

  it("is asked for at / and at every deep link, which is where it leads", async () => {
    const { page, server, open } = at;
    await page.goto(server.url);
    await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
    await checkAccessible(page);
    await screenshots(page, "sign-in");
    await open("/access/new?x=1");
    await signIn(page, ADMIN_TOKEN);
    await page.getByRole("heading", { name: "Create a token" }).waitFor();
    assert.equal(page.url(), `${server.url}/console/access/new?x=1`);
    assert.equal(await page.title(), "Create a token · Interpose");
  });

  it("lasts over a reload, and no longer than until one signs out", async () => {
    const { page } = at;
    await page.reload();
    await page.getByRole("heading", { name: "Create a token" }).waitFor();
    assert.equal(await page.evaluate(() => localStorage.getItem("interpose.session")), null);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("You are signed out.").waitFor();
    await page.reload();
    await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  });

  it("refuses a token that the server does not know, or that is none", async () => {
    const { page } = at;
    for (const [token, says] of [
      ["interpose_wrong", /does not accept this token/],
      ["two words", /That is no token/],
    ] as const) {
      await page.getByLabel("Token", { exact: true }).fill(token);
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await page.getByRole("alert").getByText(says).waitFor();
    }
    await checkAccessible(page);
  });

  it("is remembered by the browser where that is wanted", async () => {
    const { page, context, server } = at;
    await page.getByLabel("Remember it in this browser").check();
    await signIn(page, ADMIN_TOKEN);
    const other = await context.newPage();
    await other.goto(server.url);
    await other.getByRole("navigation", { name: "Pages" }).waitFor();
    await other.close();
    await page.getByRole("button", { name: "Sign out" }).click();
  });

  it("is asked for again once the token is revoked, and leads back to where one was", async () => {
    const { page, open, server } = at;
    const { body } = await server.request("POST", "/v1/tokens", { name: "short", role: "ROLE_ADMIN" });
    await open("/targets");
    await signIn(page, body.token);
    await page.getByRole("heading", { name: "There is no target yet" }).waitFor();
    await server.request("POST", `/v1/tokens/${body.id}:revoke`, {});
    await page.getByRole("link", { name: "Access" }).click();
    await page.getByText(/The server no longer accepts the token/).waitFor();
    await checkAccessible(page);
    await signIn(page, ADMIN_TOKEN);
    await page.getByRole("row", { name: "short" }).or(page.getByText("There is no token of its own yet")).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
  });

  it("by a provider comes back to where one was, with the roles that it says", async () => {
    const { page, open } = at;
    await open("/targets?name=x");
    await page.getByRole("button", { name: /^Sign in with 127\.0\.0\.1/ }).click();
    await page.locator('input[name="user"]').fill("viewer");
    await page.locator("button").click();
    await page.getByText("No target has “x” in its name.").waitFor();
    assert.match(page.url(), /\/console\/targets\?name=x$/);
    at.expectErrors(/403 \(Forbidden\)/);
    await page.getByRole("link", { name: "Access" }).click();
    await page.getByRole("alert").getByText("Not allowed").waitFor();
    await checkAccessible(page);
    await page.getByRole("button", { name: "Sign out" }).click();
  });

  it("by a provider says what it was refused for", async () => {
    const { page, open } = at;
    await page.context().clearCookies();
    await open("/targets");
    await page.getByRole("button", { name: /^Sign in with/ }).click();
    await page.locator('input[name="user"]').fill("nobody");
    await page.locator("button").click();
    await page
      .getByRole("alert")
      .getByText(/The provider says: nobody may not/)
      .waitFor();
    await open("/signed-in?code=1&state=2");
    await page
      .getByRole("alert")
      .getByText(/This tab did not ask for it/)
      .waitFor();
  });
});
