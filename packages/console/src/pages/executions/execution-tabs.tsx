import { Tabs } from "../../components/tabs.tsx";

/** The views of executions. */
export function ExecutionTabs() {
  return (
    <Tabs
      label="Views of executions"
      tabs={[
        { label: "Set", href: "/executions" },
        { label: "What can be hooked", href: "/executions/hook" },
        { label: "Includes", href: "/executions/includes" },
      ]}
    />
  );
}
