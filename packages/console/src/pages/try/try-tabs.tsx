import { Tabs } from "../../components/tabs.tsx";

/** The two views of the page. A target that was chosen in one is chosen in the other. */
export function TryTabs({ target }: { readonly target: string }) {
  const query = target === "" ? "" : `?${new URLSearchParams({ target }).toString()}`;
  return (
    <Tabs
      label="Try"
      tabs={[
        { label: "Test call", href: `/try${query}` },
        { label: "Rehearse", href: `/try/rehearse${query}` },
      ]}
    />
  );
}
