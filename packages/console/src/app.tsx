import { TransportProvider } from "@connectrpc/connect-query";
import { QueryClientProvider } from "@tanstack/react-query";
import { Router } from "wouter";
import { queryClient } from "./api/query-client.ts";
import { transport } from "./api/transport.ts";
import { guardedNavigation } from "./components/leave-guard.tsx";
import { ToastProvider } from "./components/toast.tsx";
import { PageRoutes } from "./page-routes.tsx";
import { Shell } from "./shell/shell.tsx";
import { useSession } from "./sign-in/session.ts";
import { SignIn } from "./sign-in/sign-in.tsx";

/** Where the server has the console, without the slash at its end. */
const BASE = "/console";

/** The console: the sign-in until there is a session, and the pages from then on. The address stays, so a sign-in leads back to where one was. */
export function App() {
  const session = useSession();
  // The server shows the console at "/" too.
  if (!location.pathname.startsWith(`${BASE}/`)) history.replaceState(null, "", `${BASE}/`);
  return (
    <TransportProvider transport={transport}>
      <QueryClientProvider client={queryClient}>
        <Router base={BASE} aroundNav={guardedNavigation}>
          <ToastProvider>
            {session === undefined ? (
              <SignIn />
            ) : (
              <Shell>
                <PageRoutes />
              </Shell>
            )}
          </ToastProvider>
        </Router>
      </QueryClientProvider>
    </TransportProvider>
  );
}
