import { methodScopeFromText, nearestFew, type ExplainedSubject } from "@interpose/engine";
import type { ServiceCatalog } from "@interpose/protocol";
import type { ApiContext } from "../../context.ts";

/** Most names that are answered in place of one that is not known. */
const MOST_SIMILAR = 5;
/** Most names that are compared letter by letter. */
const MOST_COMPARED = 20_000;

/** What is known here of a name. */
export interface NameKnowledge {
  readonly isKnown: boolean;
  /** Names like it, the most alike first. Empty for one that is known. */
  readonly similar: readonly string[];
}

/** Whether a method, function or type of events is known here, and what is like it where it is not. */
export async function knowledgeOf(
  subject: ExplainedSubject,
  api: Pick<ApiContext, "catalog" | "functions" | "eventTypes">,
  instanceId: string,
): Promise<NameKnowledge> {
  switch (subject.kind) {
    case "request":
    case "response": {
      const name = `/${subject.service}/${subject.method}`;
      const catalog = api.catalog();
      return catalog.methodsNamed(name).length > 0
        ? KNOWN
        : { isKnown: false, similar: similarMethods(subject, catalog) };
    }
    case "function": {
      const found = await api.functions.named(instanceId, [subject.name]);
      return found.length > 0
        ? KNOWN
        : { isKnown: false, similar: similar(subject.name, await api.functions.names(instanceId)) };
    }
    case "event": {
      const types = await api.eventTypes(instanceId);
      return types.includes(subject.type) ? KNOWN : { isKnown: false, similar: similar(subject.type, types) };
    }
  }
}

const KNOWN: NameKnowledge = { isKnown: true, similar: [] };

/** Names that differ in upper and lower case alone stand first. */
function similar(name: string, known: readonly string[]): readonly string[] {
  const lower = name.toLowerCase();
  const same = known.filter((each) => each.toLowerCase() === lower);
  return few([...same, ...nearestFew(name, known.slice(0, MOST_COMPARED), MOST_SIMILAR)]);
}

/** Methods whose service and whose bare name are both like what is asked for; then those of the same bare name, since the service is what is written wrong most often. */
function similarMethods(
  { service, method }: { readonly service: string; readonly method: string },
  { services, methods }: ServiceCatalog,
): readonly string[] {
  const near = similar(service, services).flatMap((each) => {
    const own = methods.filter((name) => name.startsWith(`/${each}/`)).map((name) => name.slice(each.length + 2));
    return similar(method, own).map((bare) => `/${each}/${bare}`);
  });
  const bare = method.toLowerCase();
  return few([...near, ...methods.filter((name) => methodScopeFromText(name)?.method.toLowerCase() === bare)]);
}

function few(names: readonly string[]): readonly string[] {
  return [...new Set(names)].slice(0, MOST_SIMILAR);
}
