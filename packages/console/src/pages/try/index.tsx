import { Route, Switch } from "wouter";
import { NoSuchPage } from "../../components/no-such-page.tsx";
import { RehearsePage } from "./rehearse-page.tsx";
import { TryPage } from "./try-page.tsx";
import "../runs/runs.css";
import "./try.css";

/** Try: a test call with a sample; and rehearsals, which repeat calls on record with another version of a target. */
export function Routes() {
  return (
    <Switch>
      <Route path="/try" component={TryPage} />
      <Route path="/try/rehearse" component={RehearsePage} />
      <Route component={NoSuchPage} />
    </Switch>
  );
}
