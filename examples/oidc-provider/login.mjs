// Who logs in, by a page with one field. The client is the provider's own, so that nobody is asked whether it may.
import { login } from "./users.mjs";

/** Adds the page to a provider. */
export function addLogin(provider) {
  provider.use(async (context, next) => {
    const [, id] = /^\/interaction\/([\w-]+)$/.exec(context.path) ?? [];
    if (id === undefined) return next();
    const { prompt } = await provider.interactionDetails(context.req, context.res);
    if (prompt.name === "consent")
      return finish(provider, context, { consent: { grantId: await newGrant(provider, context) } });
    const userId =
      context.method === "POST" ? login(new URLSearchParams(await bodyOf(context.req)).get("email")) : undefined;
    if (userId !== undefined) return finish(provider, context, { login: { accountId: userId } });
    context.body = `<!doctype html><title>Log in</title><form method="post"><input name="email" type="email"><button>Log in</button></form>`;
    context.type = "html";
  });
}

async function finish(provider, context, result) {
  context.respond = false;
  await provider.interactionFinished(context.req, context.res, result, { mergeWithLastSubmission: true });
}

async function newGrant(provider, context) {
  const { session, params, prompt } = await provider.interactionDetails(context.req, context.res);
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  for (const [resource, scopes] of Object.entries(prompt.details.missingResourceScopes ?? {}))
    grant.addResourceScope(resource, scopes.join(" "));
  return grant.save();
}

async function bodyOf(request) {
  let text = "";
  for await (const chunk of request) {
    text += chunk;
    if (text.length > 10_000) throw new Error("that is no login");
  }
  return text;
}
