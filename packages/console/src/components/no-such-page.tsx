import { Link, useLocation } from "wouter";
import { Page } from "./page.tsx";

/** What is shown at an address that leads nowhere. */
export function NoSuchPage() {
  const [path] = useLocation();
  return (
    <Page title="There is no such page">
      <p>
        Nothing is at <code>{path}</code>. <Link href="/">Go to the beginning</Link>, or choose a page of the
        navigation.
      </p>
    </Page>
  );
}
