import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { currentSession, endSession } from "../sign-in/session.ts";
import { BYPASS_HEADER, isBypassing } from "./bypass.ts";

/** Sends who calls, and ends the session when the server no longer knows who that is. */
const withSession: Interceptor = (next) => async (request) => {
  const session = currentSession();
  if (session) request.header.set("authorization", `Bearer ${session.token}`);
  if (isBypassing()) request.header.set(BYPASS_HEADER, "true");
  try {
    return await next(request);
  } catch (error) {
    // An answer to a call of the session before says nothing of this one.
    if (ConnectError.from(error).code === Code.Unauthenticated && session === currentSession()) endSession("refused");
    throw error;
  }
};

/** The way to the public API of the server that the console came from. */
export const transport = createConnectTransport({ baseUrl: location.origin, interceptors: [withSession] });

/** The same, for one call with a token that is not the session's yet. */
export function transportWithToken(token: string): ReturnType<typeof createConnectTransport> {
  return createConnectTransport({
    baseUrl: location.origin,
    interceptors: [
      (next) => (request) => {
        request.header.set("authorization", `Bearer ${token}`);
        return next(request);
      },
    ],
  });
}
