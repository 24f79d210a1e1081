import { Route, Switch } from "wouter";
import { NoSuchPage } from "../../components/no-such-page.tsx";
import { RunDetail } from "./run-detail.tsx";
import { RunList } from "./run-list.tsx";
import "./runs.css";

/** Runs: the record, live, and one of them with all that it did. */
export function Routes() {
  return (
    <Switch>
      <Route path="/runs" component={RunList} />
      <Route path="/runs/:id">{({ id }) => <RunDetail key={id} id={id} />}</Route>
      <Route component={NoSuchPage} />
    </Switch>
  );
}
