import { create, createRegistry, type Registry } from "@bufbuild/protobuf";
import { anyPack, AnySchema, type Any } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ApiFailure } from "@interpose/engine";
import { failureFromStatus } from "@interpose/protocol";
import { StatusSchema } from "@interpose/protocol/gen/google/rpc/status_pb";
import { connectErrorOfCall } from "../../../listener/connect-error.ts";
import { createInterruption } from "../../interruption.ts";

/** A refusal that ends a stream, wherever in the call it came up. */
export interface StreamRefusal {
  /** Ends the stream with an error, and answers that. The first one counts. */
  refuse(error: unknown): ConnectError;
  /** What is promised, unless the stream is refused before. Only one promise is waited for at a time. */
  orRefusal<T>(work: Promise<T>): Promise<T>;
  /** Whether it has ended so. What the service throws then is none of its own errors. */
  isRefused(): boolean;
}

/**
 * The refusal of one stream. A service may not notice that reading its requests failed, be it that it catches the error or waits for something else: the stream ends all the same.
 */
export function createStreamRefusal(signal: AbortSignal): StreamRefusal {
  const { interrupt, orInterrupted, isInterrupted } = createInterruption<ConnectError>();
  return {
    refuse: (error) => interrupt(connectErrorOfCall(error, signal)),
    orRefusal: orInterrupted,
    isRefused: isInterrupted,
  };
}

/** How a service failed, as clients are told it: what is no ConnectError is hidden from them by connect-es, and so from targets. `registry`: the service's types. */
export function failureOf(error: unknown, registry: Registry): ApiFailure {
  const isPlain = !(error instanceof ConnectError);
  const { code, rawMessage, details } = isPlain ? new ConnectError("internal error", Code.Internal) : error;
  const types = details.flatMap((detail) => ("desc" in detail ? [detail.desc] : []));
  const status = create(StatusSchema, { code, message: rawMessage, details: details.map(packed) });
  return failureFromStatus(status, createRegistry(...types, registry));
}

/** A detail that a service made, or one that it got from a service of its own and passes on. */
function packed(detail: ConnectError["details"][number]): Any {
  if (!("desc" in detail)) return anyOf(detail.type, detail.value);
  try {
    return anyPack(detail.desc, create(detail.desc, detail.value));
  } catch {
    // It is not of its type. What else the error says must not be lost by that.
    return anyOf(detail.desc.typeName, new Uint8Array());
  }
}

function anyOf(typeName: string, value: Uint8Array): Any {
  return create(AnySchema, { typeUrl: `type.googleapis.com/${typeName}`, value });
}
