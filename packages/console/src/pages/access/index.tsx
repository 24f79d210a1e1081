import { Route, Switch } from "wouter";
import { NoSuchPage } from "../../components/no-such-page.tsx";
import { TokenForm } from "./token-form.tsx";
import { TokenList } from "./token-list.tsx";

/** Access: the tokens that callers prove themselves with. */
export function Routes() {
  return (
    <Switch>
      <Route path="/access" component={TokenList} />
      <Route path="/access/new" component={TokenForm} />
      <Route component={NoSuchPage} />
    </Switch>
  );
}
