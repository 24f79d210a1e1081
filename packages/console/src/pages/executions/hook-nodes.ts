import type { MethodEntry, ServiceEntry } from "@interpose/protocol/gen/interpose/v1/catalog_service_pb";
import type { ConditionParts } from "../../components/condition.ts";
import type { TreeNode } from "../../components/tree-rows.ts";
import type { Named } from "../../components/use-names.ts";

/** What a node of the tree stands for. */
export interface Hookable {
  /** What can be set on it: a method has two sides. Empty: it only holds others. */
  readonly conditions: readonly ConditionParts[];
  readonly comment: string;
  /** Executions that run for it now. */
  readonly hookedBy: readonly string[];
  readonly service?: ServiceEntry;
  readonly method?: MethodEntry;
}

/** All that can be hooked. */
export interface Hookables {
  readonly services: readonly ServiceEntry[];
  readonly functions: readonly Named[];
  readonly eventTypes: readonly Named[];
  /** Ids of the executions that are set. */
  readonly set: ReadonlySet<string>;
}

type HookNode = TreeNode<Hookable>;

/** The tree of what can be hooked. Services come from the server as the search has them; functions and types of events are searched here. */
export function hookNodes({ services, functions, eventTypes, set }: Hookables, search: string): readonly HookNode[] {
  const isFound = ({ name, comment }: Named): boolean =>
    `${name} ${comment}`.toLowerCase().includes(search.toLowerCase());
  const roots = [
    methodsNode(services, set),
    functionsNode(functions.filter(isFound), set),
    eventsNode(eventTypes.filter(isFound), set),
  ];
  return search === "" ? roots : roots.filter(({ children }) => children.length > 0);
}

function methodsNode(services: readonly ServiceEntry[], set: ReadonlySet<string>): HookNode {
  return {
    id: "methods",
    label: "Methods",
    data: {
      conditions: [
        { kind: "request", scope: "all", name: "" },
        { kind: "response", scope: "all", name: "" },
      ],
      comment: "Every method of every service, those of Interpose's own API among them.",
      hookedBy: ["request", "response"].filter((id) => set.has(id)),
    },
    children: services.map((service) => serviceNode(service, set)),
  };
}

function serviceNode(service: ServiceEntry, set: ReadonlySet<string>): HookNode {
  const { name, comment, methods } = service;
  return {
    id: `service ${name}`,
    label: name,
    data: {
      conditions: [
        { kind: "request", scope: "service", name },
        { kind: "response", scope: "service", name },
      ],
      comment,
      hookedBy: [`request/${name}`, `response/${name}`].filter((id) => set.has(id)),
      service,
    },
    children: methods.map((method) => methodNode(method, service)),
  };
}

function methodNode(method: MethodEntry, service: ServiceEntry): HookNode {
  const name = method.name.replace(/^\//, "");
  return {
    id: `method ${name}`,
    label: name.slice(name.indexOf("/") + 1),
    data: {
      conditions: [
        { kind: "request", scope: "method", name },
        { kind: "response", scope: "method", name },
      ],
      comment: method.comment,
      hookedBy: [method.requestExecution, method.responseExecution].filter((id) => id !== ""),
      service,
      method,
    },
    children: [],
  };
}

function functionsNode(functions: readonly Named[], set: ReadonlySet<string>): HookNode {
  return {
    id: "functions",
    label: "Functions",
    data: { conditions: [], comment: "Places in your own programs, which invoke them by name.", hookedBy: [] },
    children: functions.map(({ name, comment }) => ({
      id: `function ${name}`,
      label: name,
      data: {
        conditions: [{ kind: "function", scope: "function", name }],
        comment,
        hookedBy: [`function/${name}`].filter((id) => set.has(id)),
      },
      children: [],
    })),
  };
}

function eventsNode(types: readonly Named[], set: ReadonlySet<string>): HookNode {
  return {
    id: "events",
    label: "Events",
    data: {
      conditions: [{ kind: "event", scope: "all", name: "" }],
      comment: "Every event of every type.",
      hookedBy: ["event"].filter((id) => set.has(id)),
    },
    children: eventNodes(types, "", set),
  };
}

/** What is below a group: the groups and types one step down. A type that is a group too stands in both places. */
function eventNodes(types: readonly Named[], group: string, set: ReadonlySet<string>): readonly HookNode[] {
  const depth = group === "" ? 0 : group.length + 1;
  const within = types.filter(({ name }) => group === "" || name.startsWith(`${group}.`));
  const heads = [...new Set(within.map(({ name }) => name.slice(depth).split(".")[0] ?? ""))].sort();
  return heads.flatMap((head) => {
    const name = group === "" ? head : `${group}.${head}`;
    const type = within.find((each) => each.name === name);
    const below = within.some((each) => each.name.startsWith(`${name}.`));
    return [
      ...(type ? [eventNode({ kind: "event", scope: "type", name }, name, type.comment, [], set)] : []),
      ...(below
        ? [
            eventNode(
              { kind: "event", scope: "group", name },
              `${name}.*`,
              "All types that begin so.",
              eventNodes(within, name, set),
              set,
            ),
          ]
        : []),
    ];
  });
}

function eventNode(
  condition: ConditionParts,
  label: string,
  comment: string,
  children: readonly HookNode[],
  set: ReadonlySet<string>,
): HookNode {
  return {
    id: `event ${label}`,
    label,
    data: { conditions: [condition], comment, hookedBy: [`event/${label}`].filter((id) => set.has(id)) },
    children,
  };
}
