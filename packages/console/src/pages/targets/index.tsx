import { Route, Switch } from "wouter";
import { NoSuchPage } from "../../components/no-such-page.tsx";
import { TargetDetail } from "./target-detail.tsx";
import { EditTarget, NewTarget } from "./target-forms.tsx";
import { TargetList } from "./target-list.tsx";

/** Targets: the list, one of them, and the forms that make and change one. */
export function Routes() {
  return (
    <Switch>
      <Route path="/targets" component={TargetList} />
      <Route path="/targets/new" component={NewTarget} />
      <Route path="/targets/:id">{({ id }) => <TargetDetail key={id} id={id} />}</Route>
      <Route path="/targets/:id/edit">{({ id }) => <EditTarget key={id} id={id} />}</Route>
      <Route component={NoSuchPage} />
    </Switch>
  );
}
