import { Route, Switch } from "wouter";
import { NoSuchPage } from "../../components/no-such-page.tsx";
import { Explain } from "./explain.tsx";
import "./explain.css";

/** Explain: what would be called, and why. */
export function Routes() {
  return (
    <Switch>
      <Route path="/explain" component={Explain} />
      <Route component={NoSuchPage} />
    </Switch>
  );
}
