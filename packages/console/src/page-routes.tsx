import { lazy, Suspense } from "react";
import { Redirect, Route, Switch } from "wouter";
import { FailureBoundary } from "./components/failure-boundary.tsx";
import { Loading } from "./components/loading.tsx";
import { NoSuchPage } from "./components/no-such-page.tsx";
import { PAGE_GROUPS } from "./pages.ts";

const PAGES = PAGE_GROUPS.flatMap(({ pages }) => pages).map(({ name, load }) => ({
  name,
  Routes: lazy(async () => ({ default: (await load()).Routes })),
}));

/** Shows the page of the address. */
export function PageRoutes() {
  return (
    <FailureBoundary>
      <Suspense fallback={<Loading what="the page" />}>
        <Switch>
          <Route path="/">{PAGES[0] && <Redirect to={`/${PAGES[0].name}`} replace />}</Route>
          {PAGES.map(({ name, Routes }) => (
            <Route key={name} path={`/${name}/*?`} component={Routes} />
          ))}
          <Route component={NoSuchPage} />
        </Switch>
      </Suspense>
    </FailureBoundary>
  );
}
