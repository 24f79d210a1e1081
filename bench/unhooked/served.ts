import { BYPASS_HEADER } from "../../packages/server/src/headers.ts";
import type { Work } from "../harness/benchmark.ts";
import { compareServers, type ComparedCalls } from "../harness/compare-servers.ts";
import { executionsThatMatchNothing } from "../harness/executions.ts";
import { ADMIN_TOKEN, type Server } from "../harness/server.ts";
import { fillStore, type FilledStore } from "../harness/store.ts";
import { FORMS, STORED, type Form } from "./cases.ts";

const PAIRS = { full: 9, quick: 1 };

/**
 * Measures whole calls of `interpose serve`, with the engine taken out of it and as it is. Only the latter has executions, so that what they
 * cost the memory of a process is the engine's cost too.
 */
export async function measureServed(work: Work): Promise<readonly ComparedCalls[]> {
  work.progress(`filling two stores, with no and with ${STORED} executions`);
  const fill = (count: number): Promise<FilledStore> =>
    fillStore(work.teardown, (targetId) => executionsThatMatchNothing(count, targetId));
  return compareServers(work, {
    stores: { a: await fill(0), b: await fill(STORED) },
    preload: { a: ownApiOf(FORMS.a), b: ownApiOf(FORMS.b) },
    pairs: PAIRS[work.effort],
    async before({ a, b }) {
      await assertForm(a, FORMS.a);
      await assertForm(b, FORMS.b);
    },
  });
}

function ownApiOf(form: Form): URL {
  return new URL(`./replace-own-api.ts?form=${form}`, import.meta.url);
}

/** Makes sure that a server has the engine, or has it not: only with it, the header to bypass executions is read, and refused when it makes no sense. */
async function assertForm({ url }: Server, form: Form): Promise<void> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, [BYPASS_HEADER]: "neither true nor false" };
  const { status } = await fetch(`${url}/v3alpha/executions/functions`, { headers });
  const wanted = form === "with" ? 400 : 200;
  if (status !== wanted) throw new Error(`a server ${form} engine answered ${status} in place of ${wanted}`);
}
