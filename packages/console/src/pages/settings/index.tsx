import { Route, Switch } from "wouter";
import { NoSuchPage } from "../../components/no-such-page.tsx";
import { Settings } from "./settings.tsx";

/** Settings: what is in force at the server. */
export function Routes() {
  return (
    <Switch>
      <Route path="/settings" component={Settings} />
      <Route component={NoSuchPage} />
    </Switch>
  );
}
