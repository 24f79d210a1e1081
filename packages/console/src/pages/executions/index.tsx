import { Route, Switch } from "wouter";
import { NoSuchPage } from "../../components/no-such-page.tsx";
import { ExecutionEditor } from "./execution-editor.tsx";
import { ExecutionList } from "./execution-list.tsx";
import { HookTree } from "./hook-tree.tsx";
import { IncludesPage } from "./includes-page.tsx";
import "./executions.css";

/** Executions: those that are set, what can be hooked, how they include each other, and one of them. Its id has slashes, as they are or escaped. */
export function Routes() {
  return (
    <Switch>
      <Route path="/executions" component={ExecutionList} />
      <Route path="/executions/hook" component={HookTree} />
      <Route path="/executions/includes" component={IncludesPage} />
      <Route path="/executions/*">
        {({ "*": rest }) => {
          const id = unescaped(rest);
          return <ExecutionEditor key={id} id={id} />;
        }}
      </Route>
      <Route component={NoSuchPage} />
    </Switch>
  );
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
