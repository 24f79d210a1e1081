import { Route, Switch } from "wouter";
import { NoSuchPage } from "../../components/no-such-page.tsx";
import { EventDetail } from "./event-detail.tsx";
import { EventList } from "./event-list.tsx";
import { EventTypes } from "./event-types.tsx";
import { PublishForm } from "./publish-form.tsx";

/** Events: the log, its types, one event, and the form that publishes one. */
export function Routes() {
  return (
    <Switch>
      <Route path="/events" component={EventList} />
      <Route path="/events/types" component={EventTypes} />
      <Route path="/events/publish" component={PublishForm} />
      <Route path="/events/:id">{({ id }) => <EventDetail key={id} id={id} />}</Route>
      <Route component={NoSuchPage} />
    </Switch>
  );
}
