import { useQuery } from "@connectrpc/connect-query";
import {
  InstanceService,
  type GetSettingsResponse,
  type Setting,
} from "@interpose/protocol/gen/interpose/v1/instance_service_pb";
import { Badge } from "../../components/badge.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Facts } from "../../components/facts.tsx";
import { FilterBar, SelectFilter, TextFilter } from "../../components/filter-bar.tsx";
import { Loading } from "../../components/loading.tsx";
import { Page, Section } from "../../components/page.tsx";
import { useFilters } from "../../components/query-filters.ts";
import { Table, type Column } from "../../components/table.tsx";
import { When } from "../../components/when.tsx";
import { groupSettings, isDefault } from "./setting-groups.ts";
import "./settings.css";

const COLUMNS: readonly Column<Setting>[] = [
  {
    heading: "Setting",
    cell: ({ path, description }) => (
      <>
        <code>{path}</code>
        <span className="sub">{description}</span>
      </>
    ),
  },
  { heading: "Value", cell: (setting) => <SettingValue setting={setting} /> },
  {
    heading: "From",
    cell: (setting) => (isDefault(setting) ? <span className="hint">default</span> : <code>{setting.source}</code>),
  },
];

/** The settings that are in force, and where each comes from. They are changed where the server is started. */
export function Settings() {
  const [{ text, show }, setFilters] = useFilters(["text", "show"]);
  const { data, error, refetch } = useQuery(InstanceService.method.getSettings, {});
  const groups = data && groupSettings(data.settings, { text, isSetOnly: show === "set" });
  return (
    <Page
      title="Settings"
      lead="What is in force at the server that answers. Settings are changed where it is started: by flags, then variables, then interpose.yaml, then the default. A start takes them over."
    >
      {error && <ErrorNotice error={error} retry={refetch} />}
      {!data && !error && <Loading what="the settings" />}
      {data && (
        <>
          <ServerFacts server={data} />
          <div className="section">
            <FilterBar>
              <TextFilter label="Find" value={text} onChange={(value) => setFilters({ text: value })} />
              <SelectFilter
                label="Show"
                value={show}
                onChange={(value) => setFilters({ show: value })}
                options={[
                  { value: "", label: "all settings" },
                  { value: "set", label: "those that somebody has set" },
                ]}
              />
            </FilterBar>
          </div>
        </>
      )}
      {groups?.length === 0 && <p>No setting is like that.</p>}
      {groups?.map(({ name, settings }) => (
        <Section key={name} title={name === "" ? "The server" : name}>
          <div className="settings">
            <Table
              caption={name === "" ? "Settings of the server" : `Settings of ${name}`}
              columns={COLUMNS}
              rows={settings}
              keyOf={({ path }) => path}
            />
          </div>
        </Section>
      ))}
    </Page>
  );
}

function ServerFacts({
  server: { version, storeKind, store, nodeId, startTime },
}: {
  readonly server: GetSettingsResponse;
}) {
  return (
    <Facts
      facts={{
        Version: version,
        Store: (
          <>
            {storeKind === "embedded" ? "embedded PostgreSQL" : "PostgreSQL by URL"}: <code>{store}</code>
          </>
        ),
        Node: (
          <>
            <code>{nodeId}</code> <CopyButton text={nodeId} what="the id of the node" />
          </>
        ),
        Started: <When at={startTime} />,
      }}
    />
  );
}

function SettingValue({ setting }: { readonly setting: Setting }) {
  const { value, isSecret } = setting;
  if (value === "" || (isSecret && isDefault(setting))) return <span className="hint">not set</span>;
  if (isSecret) return <Badge tone="info">set, and secret</Badge>;
  return <code>{value}</code>;
}
