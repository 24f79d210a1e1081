import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { planForMethod, type Snapshot } from "@interpose/engine";
import { readComments, type Comments } from "@interpose/protocol";
import {
  CatalogService,
  type MethodEntrySchema,
  type ServiceEntrySchema,
} from "@interpose/protocol/gen/interpose/v1/catalog_service_pb";
import { NEVER_HOOKED } from "../../hosts/never-hooked.ts";
import type { ServiceHost } from "../../hosts/service-host.ts";
import type { ApiContext } from "../context.ts";
import { apiService, type ApiService } from "../service.ts";

/** Most methods that one answer has. */
const MOST_METHODS = 5_000;
/** Longest comment that is answered, in characters. */
const MOST_OF_COMMENT = 2_000;

/** What listing needs. */
export interface CatalogParts {
  /** The executions in force at this moment. */
  readonly snapshot: () => Snapshot;
  /** Comments of the own API. */
  readonly ownFiles: readonly FileDescriptorProto[];
}

/** The service `interpose.v1.CatalogService`. */
export function catalogServiceV1(api: ApiContext, { snapshot, ownFiles }: CatalogParts): ApiService {
  const own = readComments(ownFiles);
  /** By the list of services, so that what is gone is forgotten. */
  const known = new WeakMap<readonly DescService[], Comments>();

  function commentsOf({ name, services }: ServiceHost): Comments {
    if (name === "api") return own;
    const comments = known.get(services) ?? readComments(new Set(services.map(({ file }) => file.proto)));
    known.set(services, comments);
    return comments;
  }

  return apiService(CatalogService, {
    listCatalog({ query }) {
      const described = api.hosts().map((host) => ({ host, commentOf: shortened(commentsOf(host)) }));
      const services = found(merged(described), query.toLowerCase());
      const answered: MessageInitShape<typeof ServiceEntrySchema>[] = [];
      let left = MOST_METHODS;
      for (const { name, comment, hosts, methods } of services) {
        if (left <= 0) break;
        const some = methods.slice(0, left);
        left -= some.length;
        answered.push({ name, comment, hosts, methods: some.map((method) => methodToProto(method, snapshot())) });
      }
      const count = services.reduce((sum, { methods }) => sum + methods.length, 0);
      return { services: answered, isCut: count > MOST_METHODS };
    },
  });
}

interface Described<T> {
  readonly descriptor: T;
  readonly comment: string;
}

interface FoundService {
  readonly name: string;
  readonly comment: string;
  readonly hosts: string[];
  readonly methods: readonly Described<DescMethod>[];
}

type CommentOf = (name: string) => string;

function shortened(comments: Comments): CommentOf {
  return (name) => {
    const comment = comments.get(name) ?? "";
    return comment.length > MOST_OF_COMMENT ? `${comment.slice(0, MOST_OF_COMMENT)}…`.toWellFormed() : comment;
  };
}

/** Each service once, by name. Of what several hosts have, the first description that says anything counts. */
function merged(
  described: readonly { readonly host: ServiceHost; readonly commentOf: CommentOf }[],
): readonly FoundService[] {
  const byName = new Map<string, FoundService>();
  for (const { host, commentOf } of described) {
    for (const { typeName: name, methods } of host.services) {
      const before = byName.get(name);
      const own = methods.map((descriptor) => ({ descriptor, comment: commentOf(`${name}.${descriptor.name}`) }));
      const hosts = [...(before?.hosts ?? []), host.name];
      byName.set(name, {
        name,
        comment: before && before.comment !== "" ? before.comment : commentOf(name),
        hosts: [...new Set(hosts)],
        methods: before ? together(before.methods, own) : own,
      });
    }
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function together(
  before: readonly Described<DescMethod>[],
  more: readonly Described<DescMethod>[],
): readonly Described<DescMethod>[] {
  const byName = new Map(before.map((each) => [each.descriptor.name, each]));
  for (const each of more) {
    const same = byName.get(each.descriptor.name);
    if (!same || (same.comment === "" && each.comment !== "")) byName.set(each.descriptor.name, each);
  }
  return [...byName.values()];
}

/** The services that a query means, each with the methods that it means: all, where it means the service itself. */
function found(services: readonly FoundService[], query: string): readonly FoundService[] {
  if (query === "") return services;
  const has = (...texts: readonly string[]): boolean => texts.some((text) => text.toLowerCase().includes(query));
  return services.flatMap((service) => {
    if (has(service.name, service.comment)) return [service];
    const methods = service.methods.filter(({ descriptor, comment }) =>
      has(`/${service.name}/${descriptor.name}`, comment),
    );
    return methods.length > 0 ? [{ ...service, methods }] : [];
  });
}

function methodToProto(
  { descriptor, comment }: Described<DescMethod>,
  snapshot: Snapshot,
): MessageInitShape<typeof MethodEntrySchema> {
  const { name, parent, input, output, methodKind } = descriptor;
  const service = parent.typeName;
  const full = `/${service}/${name}`;
  const hookedBy = (side: "request" | "response"): string =>
    NEVER_HOOKED.has(service) ? "" : (planForMethod(snapshot, side, { full, service })?.executionId ?? "");
  return {
    name: full,
    comment,
    inputType: input.typeName,
    outputType: output.typeName,
    clientStreams: methodKind === "client_streaming" || methodKind === "bidi_streaming",
    serverStreams: methodKind === "server_streaming" || methodKind === "bidi_streaming",
    requestExecution: hookedBy("request"),
    responseExecution: hookedBy("response"),
  };
}
