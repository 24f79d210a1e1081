import type { JsonObject } from "@bufbuild/protobuf";
import { DeliveryService } from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import { cancelDelivery } from "../../../commands/cancel-deliveries.ts";
import { deliveryNotFound } from "../../../commands/delivery-errors.ts";
import { redeliverDelivery } from "../../../commands/redeliver-delivery.ts";
import { listAttempts } from "../../../store/sql/list-attempts.ts";
import { listDeliveries } from "../../../store/sql/list-deliveries.ts";
import { selectDelivery } from "../../../store/sql/select-delivery.ts";
import type { ApiContext } from "../../context.ts";
import { DEFAULT_PAGE_SIZE, pageOf } from "../../page-token.ts";
import { apiService, type ApiService } from "../../service.ts";
import { attemptToProto } from "./attempt.ts";
import { cancelMany, replayMany } from "./bulk.ts";
import { deliveryIdFromText, deliveryToProto } from "./delivery.ts";
import { countDeliveries } from "./count.ts";
import { filterFromProto, withIdsOfTimes } from "./filter.ts";
import { behindDeliveries, readPageToken } from "./page-token.ts";
import { createWatch } from "./watch.ts";

/** Most attempts that are answered: with 16 KiB of a reply each, what a client of gRPC takes by default. */
const MOST_ATTEMPTS = 100;

/** The service `interpose.v1.DeliveryService`. */
export function deliveryServiceV1(api: ApiContext): ApiService {
  const { database } = api;

  async function existing(instanceId: string, text: string) {
    const id = deliveryIdFromText(text);
    const row = id === undefined ? undefined : await selectDelivery(database, instanceId, id);
    if (!row) throw deliveryNotFound(text);
    return row;
  }

  return apiService(DeliveryService, {
    async listDeliveries(request, { instanceId }) {
      const asked = filterFromProto(request);
      const [before] = request.pageToken === "" ? [] : readPageToken(request.pageToken, "list", asked);
      const size = request.pageSize === 0 ? DEFAULT_PAGE_SIZE : request.pageSize;
      const filter = await withIdsOfTimes(database, asked);
      // One more than asked for tells whether there is another page.
      const rows = await listDeliveries(database, instanceId, { filter, before, limit: size + 1 });
      const { page, nextPageToken } = pageOf(rows, size, ({ id }) => behindDeliveries([id], "list", asked));
      return { deliveries: page.map(deliveryToProto), nextPageToken };
    },

    async getDelivery({ id }, { instanceId }) {
      const row = await existing(instanceId, id);
      const attempts = await listAttempts(database, row.id, MOST_ATTEMPTS);
      return {
        delivery: deliveryToProto(row),
        attempts: attempts.map(attemptToProto),
        ...(row.payload && { payload: row.payload as JsonObject }),
      };
    },

    countDeliveries: (_request, { instanceId }) => countDeliveries(database, instanceId),

    async redeliverDelivery({ id }, call) {
      await redeliverDelivery(api.commandContext(call), deliveryIdFromText(id) ?? notFound(id));
      return { delivery: deliveryToProto(await existing(call.instanceId, id)) };
    },

    async cancelDelivery({ id }, call) {
      await cancelDelivery(api.commandContext(call), deliveryIdFromText(id) ?? notFound(id));
      return { delivery: deliveryToProto(await existing(call.instanceId, id)) };
    },

    cancelDeliveries: (request, call) => cancelMany(api.commandContext(call), request),
    replayDeliveries: (request, call) => replayMany(api.commandContext(call), request),
    watchDeliveries: createWatch(database),
  });
}

function notFound(id: string): never {
  throw deliveryNotFound(id);
}
