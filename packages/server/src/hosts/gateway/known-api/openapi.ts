import { InterposeError } from "@interpose/engine";
import { openApiDocument } from "@interpose/protocol";
import type { Descriptors } from "../descriptors/index.ts";
import { answerOfError } from "../calls/outcome.ts";
import { fieldOf } from "../protocols/fields.ts";
import type { RequestHead } from "../relay/header-fields.ts";
import type { HeaderBlock } from "../relay/hpack/index.ts";
import type { RelayAnswer } from "../relay/interceptor.ts";
import { rememberLast } from "../relay/remember-last.ts";

/** Where a gateway describes its API. */
export const OPENAPI_PATH = "/openapi.json";

/** A page of the gateway itself. Undefined: the call is none for it. */
export type Page = (head: RequestHead, block: HeaderBlock) => RelayAnswer | undefined;

/** Answers with the API's description in OpenAPI, as its descriptors have it at this moment. It is made when it is first asked for, once for each state of the descriptors. */
export function createOpenApi(descriptors: () => Descriptors): Page {
  const documentOf = rememberLast(documentFrom);

  return (head, block) => {
    if (head.path.split("?", 1)[0] !== OPENAPI_PATH || (head.method !== "GET" && head.method !== "HEAD"))
      return undefined;
    const now = descriptors();
    const tag = `"${now.digest}"`;
    const fields = ["etag", tag, "cache-control", "no-cache"];
    if (fieldOf(block, "if-none-match")?.includes(tag)) return answerOf("304", fields, undefined);
    try {
      const document = documentOf(now);
      fields.push("content-type", "application/json", "content-length", String(document.byteLength));
      return answerOf("200", fields, head.method === "HEAD" ? undefined : document);
    } catch (cause) {
      // Among what is thrown is the end of the stack, for types that are nested without end.
      const error = new InterposeError("descriptors_invalid", "The API cannot be described in OpenAPI.", { cause });
      return answerOfError(error, head, undefined);
    }
  };
}

function documentFrom({ services, registry, digest }: Descriptors): Buffer {
  const document = openApiDocument(
    services.filter(({ typeName }) => !typeName.startsWith("grpc.")),
    {
      title: "API",
      // It has no other version that is known; this one changes with it.
      version: digest.slice(0, 12),
      files: Array.from(registry.files, ({ proto }) => proto),
      withConnect: true,
    },
  );
  return Buffer.from(JSON.stringify(document));
}

function answerOf(status: string, fields: readonly string[], body: Buffer | undefined): RelayAnswer {
  return { head: { fields: [":status", status, ...fields], neverIndexed: undefined }, body };
}
