import { Tabs } from "../../components/tabs.tsx";

/** The log, and the types that are in it. */
export function EventTabs() {
  return (
    <Tabs
      label="Views"
      tabs={[
        { label: "Log", href: "/events" },
        { label: "Types", href: "/events/types" },
      ]}
    />
  );
}
