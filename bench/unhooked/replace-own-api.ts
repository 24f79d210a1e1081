// Loaded before `interpose serve`, as replace-own-api.ts?form=with or ?form=without: gives it the own API of timed-own-api.ts in place of its own.
// So what is compared is the product, but for this one module, and the product needs no switch for it.
import { registerHooks } from "node:module";

const OWN_API = new URL("../../packages/server/src/hosts/own-api/index.ts", import.meta.url).href;
const TIMED = new URL(`./timed-own-api.ts${new URL(import.meta.url).search}`, import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    return resolved.url === OWN_API && context.parentURL !== TIMED ? { ...resolved, url: TIMED } : resolved;
  },
});
