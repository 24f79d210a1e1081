import { create, type Registry } from "@bufbuild/protobuf";
import { anyPack, AnySchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ApiFailure } from "@interpose/engine";
import { failureFromStatus } from "@interpose/protocol";
import { StatusSchema } from "@interpose/protocol/gen/google/rpc/status_pb";
import { connectErrorOfCall } from "../../../listener/connect-error.ts";

/** A refusal that ends a stream, wherever in the call it came up. */
export interface StreamRefusal {
  /** Ends the stream with an error, and answers that. The first one counts. */
  refuse(error: unknown): ConnectError;
  /** What is promised, unless the stream is refused before. Only one promise is waited for at a time. */
  orRefusal<T>(work: Promise<T>): Promise<T>;
  /** Whether it is refused: what the service throws behind that is no error of its own. */
  readonly isRefused: boolean;
}

/**
 * The refusal of one stream. A service may not notice that reading its requests failed, be it that it catches the error or waits for something else: the stream ends all the same.
 */
export function createStreamRefusal(signal: AbortSignal): StreamRefusal {
  let refused: ConnectError | undefined;
  let interrupt: ((error: ConnectError) => void) | undefined;
  const check = (): void => {
    if (refused) throw refused;
  };
  return {
    get isRefused() {
      return refused !== undefined;
    },
    refuse(error) {
      refused ??= connectErrorOfCall(error, signal);
      interrupt?.(refused);
      return refused;
    },
    async orRefusal(work) {
      const interrupted = new Promise<never>((_resolve, reject) => (interrupt = reject));
      try {
        check();
        const done = await Promise.race([work, interrupted]);
        check();
        return done;
      } catch (error) {
        // Whoever is not waited for any more may fail as it likes.
        work.catch(() => undefined);
        throw refused ?? error;
      } finally {
        interrupt = undefined;
      }
    },
  };
}

/** What a service threw, as its clients see it. Of what is no ConnectError, connect-es tells them nothing. */
export function failureOf(error: unknown, registry: Registry): ApiFailure {
  const { code, rawMessage, details } =
    error instanceof ConnectError ? error : new ConnectError("internal error", Code.Internal);
  const status = create(StatusSchema, {
    code,
    message: rawMessage,
    details: details.map((detail) =>
      "desc" in detail
        ? anyPack(detail.desc, create(detail.desc, detail.value))
        : create(AnySchema, { typeUrl: `type.googleapis.com/${detail.type}`, value: detail.value }),
    ),
  });
  return failureFromStatus(status, registry);
}
