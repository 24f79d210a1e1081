import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { GetSettingsResponseSchema } from "@interpose/protocol/gen/interpose/v1/instance_service_pb";
import { maskedSettings, type Settings } from "../../config/index.ts";
import { VERSION } from "../../version.ts";

/** What is told of a server and its settings. */
export interface ServerFacts {
  readonly settings: Settings;
  /** Where settings were given, by path. */
  readonly origins: ReadonlyMap<string, string>;
  /** What the store is, for people. Without credentials. */
  readonly store: string;
  /** Tells this server from others of the same store. */
  readonly nodeId: string;
  readonly startedAt: Date;
}

/** The settings in force, without what is secret. */
export function settingsToProto({
  settings,
  origins,
  store,
  nodeId,
  startedAt,
}: ServerFacts): MessageInitShape<typeof GetSettingsResponseSchema> {
  return {
    settings: maskedSettings(settings).map(({ path, value, isSecret, description }) => ({
      path,
      value: value === undefined ? "" : JSON.stringify(value),
      source: origins.get(path) ?? "default",
      isSecret,
      description,
    })),
    version: VERSION,
    storeKind: settings.databaseUrl === undefined ? "embedded" : "url",
    store,
    nodeId,
    startTime: timestampFromDate(startedAt),
  };
}
