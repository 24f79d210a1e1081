import { Route, Switch } from "wouter";
import { NoSuchPage } from "../../components/no-such-page.tsx";
import { Overview } from "./overview.tsx";
import "./overview.css";

/** Overview: how things go, and what needs somebody. */
export function Routes() {
  return (
    <Switch>
      <Route path="/overview" component={Overview} />
      <Route component={NoSuchPage} />
    </Switch>
  );
}
