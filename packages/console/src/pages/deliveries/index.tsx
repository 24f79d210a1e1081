import { Route, Switch } from "wouter";
import { NoSuchPage } from "../../components/no-such-page.tsx";
import { DeliveryDetail } from "./delivery-detail.tsx";
import { DeliveryList } from "./delivery-list.tsx";
import { VIEWS } from "./delivery-words.ts";
import "./deliveries.css";

/** Deliveries: the record, live, in views by state, and one of them with its attempts. */
export function Routes() {
  return (
    <Switch>
      {VIEWS.map((view) => (
        <Route key={view.href} path={view.href}>
          <DeliveryList view={view} />
        </Route>
      ))}
      <Route path="/deliveries/:id">{({ id }) => <DeliveryDetail key={id} id={id} />}</Route>
      <Route component={NoSuchPage} />
    </Switch>
  );
}
