import { Link } from "wouter";

/** What stands where there is no execution yet: the way to the first one. */
export function FirstSteps({ hasTarget }: { readonly hasTarget: boolean }) {
  return (
    <div className="empty first-steps">
      <h2>Nothing is hooked yet</h2>
      <p>
        An execution says: when this method is called, call these targets, in this order. Three steps lead to the first
        one:
      </p>
      <ol>
        <li>
          <h3>Create a target</h3>
          <p>
            {hasTarget
              ? "Done: there is one. You can create more of them."
              : "An HTTP endpoint of yours, which is told of messages and may refuse or change them."}
          </p>
          <Link href="/targets/new" className={`button${hasTarget ? "" : " primary"}`}>
            {hasTarget ? "Create another target" : "Create a target"}
          </Link>
        </li>
        <li>
          <h3>Pick what to hook</h3>
          <p>A method of your API, all methods of a service, a function, or events: choose it from a tree.</p>
          <Link href="/executions/hook" className={`button${hasTarget ? " primary" : ""}`}>
            Pick what to hook
          </Link>
        </li>
        <li>
          <h3>Watch</h3>
          <p>Make a call, and see what each target was sent, what it answered, and how long it took.</p>
          <Link href="/runs" className="button">
            Watch runs
          </Link>
        </li>
      </ol>
    </div>
  );
}
