/** How much of an API a request or response condition means. */
export type MethodScope =
  /** One method. `service` is `package.Service`, `method` its bare name. */
  | { readonly kind: "method"; readonly service: string; readonly method: string }
  | { readonly kind: "service"; readonly service: string }
  | { readonly kind: "all" };

/** How many events an event condition means. */
export type EventMatch =
  /** One type, such as `user.human.added`. */
  | { readonly kind: "type"; readonly type: string }
  /** All types under a dotted prefix, such as `user.human`; without a trailing `.*`. */
  | { readonly kind: "group"; readonly group: string }
  | { readonly kind: "all" };

/** What an execution listens to. Its canonical text, `conditionId(c)`, is the execution's id. */
export type Condition =
  | { readonly kind: "request" | "response"; readonly scope: MethodScope }
  | { readonly kind: "function"; readonly name: string }
  | { readonly kind: "event"; readonly match: EventMatch };

/**
 * The canonical text of a condition: `request`, `response/package.Service`, `request/package.Service/Method`, `function/NAME`,
 * `event/TYPE`, `event/GROUP.*`, `event`. Two valid conditions never share one.
 */
export function conditionId(condition: Condition): string {
  switch (condition.kind) {
    case "request":
    case "response":
      return methodId(condition.kind, condition.scope);
    case "function":
      return `function/${condition.name}`;
    case "event":
      return eventId(condition.match);
  }
}

function methodId(kind: "request" | "response", scope: MethodScope): string {
  switch (scope.kind) {
    case "method":
      return `${kind}/${scope.service}/${scope.method}`;
    case "service":
      return `${kind}/${scope.service}`;
    case "all":
      return kind;
  }
}

function eventId(match: EventMatch): string {
  switch (match.kind) {
    case "type":
      return `event/${match.type}`;
    case "group":
      return `event/${match.group}.*`;
    case "all":
      return "event";
  }
}

/** Reads a condition's canonical text. What is not the id of a valid condition is undefined. */
export function parseConditionId(id: string): Condition | undefined {
  const slash = id.indexOf("/");
  const kind = slash < 0 ? id : id.slice(0, slash);
  const rest = slash < 0 ? undefined : id.slice(slash + 1);
  const condition = conditionFromParts(kind, rest);
  return condition && validateCondition(condition) === undefined ? condition : undefined;
}

function conditionFromParts(kind: string, rest: string | undefined): Condition | undefined {
  switch (kind) {
    case "request":
    case "response":
      return { kind, scope: scopeFromParts(rest) };
    case "function":
      return rest === undefined ? undefined : { kind, name: rest };
    case "event":
      return { kind, match: matchFromPart(rest) };
    default:
      return undefined;
  }
}

function scopeFromParts(rest: string | undefined): MethodScope {
  if (rest === undefined) return { kind: "all" };
  const slash = rest.indexOf("/");
  if (slash < 0) return { kind: "service", service: rest };
  return { kind: "method", service: rest.slice(0, slash), method: rest.slice(slash + 1) };
}

function matchFromPart(rest: string | undefined): EventMatch {
  if (rest === undefined) return { kind: "all" };
  return rest.endsWith(".*") ? { kind: "group", group: rest.slice(0, -2) } : { kind: "type", type: rest };
}

/** Why a condition cannot be: undefined when it can. The text says what is wrong and what would be right. */
export function validateCondition(condition: Condition): string | undefined {
  switch (condition.kind) {
    case "request":
    case "response":
      return faultOfScope(condition.scope);
    case "function":
      return faultOfName(condition.name, "the function's name");
    case "event":
      return faultOfMatch(condition.match);
  }
}

function faultOfScope(scope: MethodScope): string | undefined {
  switch (scope.kind) {
    case "method":
      return faultOfName(scope.service, "the service") ?? faultOfName(scope.method, "the method");
    case "service":
      return faultOfName(scope.service, "the service");
    case "all":
      return undefined;
  }
}

function faultOfMatch(match: EventMatch): string | undefined {
  switch (match.kind) {
    case "type":
      if (match.type.endsWith(".*"))
        return `the event "${shortened(match.type)}" ends in ".*", as groups do. Give it as a group.`;
      return faultOfName(match.type, "the event");
    case "group":
      if (match.group.endsWith(".*")) return `the group "${shortened(match.group)}" ends in ".*" twice. Leave it away.`;
      return faultOfName(match.group, "the group");
    case "all":
      return undefined;
  }
}

/** Ids are keys of the store, whose indexes hold some 2,700 bytes. A name of 1000 characters fits in where few of them take more than two. */
const MAX_NAME_BYTES = 2_000;

/** Names are parts of an id: a slash in one would make the id another's, and a control character unreadable. */
function faultOfName(name: string, what: string): string | undefined {
  if (name === "") return `${what} is empty. Name one.`;
  if (name.includes("/"))
    return `${what} "${shortened(name)}" has a "/" in it, which separates the parts of an id. Use another character.`;

  if (/[\u0000-\u001f\u007f]/.test(name)) return `${what} has a control character in it. Take it out.`;
  if (new TextEncoder().encode(name).length > MAX_NAME_BYTES)
    return `${what} "${shortened(name)}" takes more than ${MAX_NAME_BYTES} bytes in UTF-8. Choose a shorter one.`;
  return undefined;
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** Reads `/package.Service/Method`. Anything else is undefined. */
export function methodScopeFromText(text: string): { readonly service: string; readonly method: string } | undefined {
  const parts = text.split("/");
  const [before, service, method] = parts;
  if (parts.length !== 3 || before !== "" || !service || !method) return undefined;
  return { service, method };
}
