import { InterposeError } from "@interpose/engine";
import { RunService } from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import type { RecorderCounts } from "../../../runs/recorder.ts";
import { listRuns } from "../../../store/sql/list-runs.ts";
import { selectRun, selectRunCalls, selectRunMessages } from "../../../store/sql/select-run.ts";
import type { RunFilter } from "../../../store/sql/run-filter.ts";
import type { ApiContext } from "../../context.ts";
import { checksumOf, DEFAULT_PAGE_SIZE, pageOf, pageTokenOfOthers, textOfPageToken } from "../../page-token.ts";
import { apiService, type ApiService } from "../../service.ts";
import { runWithCalls } from "./calls.ts";
import { filterFromProto } from "./filter.ts";
import { runIdFromText, runToProto } from "./run.ts";
import { runStatistics } from "./statistics.ts";
import { createWatchRuns } from "./watch.ts";

/** The service `interpose.v1.RunService`. `counts`: of this server's runs. */
export function runServiceV1({ database }: ApiContext, counts: () => RecorderCounts): ApiService {
  return apiService(RunService, {
    async listRuns(request, { instanceId }) {
      const filter = filterFromProto(request);
      const behind = request.pageToken === "" ? undefined : readPageToken(request.pageToken, filter ?? {});
      const size = request.pageSize === 0 ? DEFAULT_PAGE_SIZE : request.pageSize;
      const asked = { ...filter, before: least(filter?.before, behind) };
      // One more than asked for tells whether there is another page.
      const rows = filter ? await listRuns(database, instanceId, { filter: asked, limit: size + 1 }) : [];
      const { page, nextPageToken } = pageOf(rows, size, ({ id }) => `${id}.${checksumOf("runs", filter ?? {})}`);
      return { runs: page.map(runToProto), nextPageToken, droppedCount: BigInt(counts().dropped) };
    },

    async getRun({ id: text }, { instanceId }) {
      const id = runIdFromText(text);
      const run = id === undefined ? undefined : await selectRun(database, instanceId, id);
      if (!run) throw runNotFound(text);
      const [calls, messages] = await Promise.all([
        selectRunCalls(database, run.id),
        selectRunMessages(database, run.id),
      ]);
      return runWithCalls(run, calls, messages);
    },

    watchRuns: createWatchRuns(database),

    async getRunStatistics(request, { instanceId }) {
      const { made, recorded } = counts();
      const recordedShare = made === 0 ? 1 : recorded / made;
      return runStatistics(database, instanceId, request, { now: Date.now(), recordedShare });
    },
  });
}

/** The run that a page token continues behind. */
function readPageToken(token: string, filter: RunFilter): bigint {
  const [, id = "", sum] = /^(\d+)\.([\w-]+)$/.exec(textOfPageToken(token)) ?? [];
  const behind = runIdFromText(id);
  if (behind === undefined || sum !== checksumOf("runs", filter)) throw pageTokenOfOthers();
  return behind;
}

function least(one: bigint | undefined, other: bigint | undefined): bigint | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one < other ? one : other;
}

/** The refusal of an id that is no run's. */
export function runNotFound(id: string): InterposeError {
  const text = `There is no run "${id.slice(0, 100)}" on record. It may never have been recorded, or be gone by now (runs.retention).`;
  return new InterposeError("run_not_found", text);
}
