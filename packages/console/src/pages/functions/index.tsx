import { Route, Switch } from "wouter";
import { NoSuchPage } from "../../components/no-such-page.tsx";
import { FunctionDetail } from "./function-detail.tsx";
import { EditFunction, NewFunction } from "./function-forms.tsx";
import { FunctionList } from "./function-list.tsx";
import { NEW_FUNCTION_HREF } from "./function-words.ts";

/** Functions: the list, one of them, and the forms that declare and change one. */
export function Routes() {
  return (
    <Switch>
      <Route path="/functions" component={FunctionList} />
      <Route path={NEW_FUNCTION_HREF} component={NewFunction} />
      <Route path="/functions/:name">{({ name }) => <FunctionDetail key={name} name={name} />}</Route>
      <Route path="/functions/:name/edit">{({ name }) => <EditFunction key={name} name={name} />}</Route>
      <Route component={NoSuchPage} />
    </Switch>
  );
}
