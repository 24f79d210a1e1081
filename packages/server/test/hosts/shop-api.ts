import { create, toJson, type DescMethod, type DescService, type JsonObject, type Message } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { loadDescriptors } from "../../src/hosts/gateway/descriptors/index.ts";
import { BAD_ITEM, SHOP_PROTOS } from "../harness/shop.ts";

const { registry } = await loadDescriptors({ kind: "path", path: SHOP_PROTOS });

/** The service that every host serves in these tests, as the same .proto file describes it. */
export const SHOP: DescService = registry.getService("shop.v1.Shop") ?? unreachable();

/** A method of the shop, by its name. */
export function methodOf(name: string): DescMethod {
  return SHOP.methods.find((method) => method.name === name) ?? unreachable();
}

/** What the API has seen behind its host. */
export interface Seen {
  readonly messages: readonly JsonObject[];
  /** Methods whose calls were cancelled. */
  readonly cancelled: readonly string[];
  forget(): void;
}

/** What handlers note. */
export interface Notes extends Seen {
  readonly messages: JsonObject[];
  readonly cancelled: string[];
}

/** Nothing yet. */
export function createNotes(): Notes {
  const messages: JsonObject[] = [];
  const cancelled: string[] = [];
  const forget = (): void => {
    messages.length = 0;
    cancelled.length = 0;
  };
  return { messages, cancelled, forget };
}

/**
 * The shop as handlers, which behave as the one of @grpc/grpc-js does: the item "bad" fails, after what was answered before; orders of "slow" are not answered. `refusal`: an error as the
 * host has them, that of a bad item with its details.
 */
export function shopHandlers(
  seen: Notes,
  refusal: (code: typeof BAD_ITEM.code | "cancelled", text: string) => Error,
): any {
  const response = methodOf("Order").output;
  const note = (message: Message): { item: string; count: number } => {
    seen.messages.push(toJson(methodOf("Order").input, message) as JsonObject);
    return message as unknown as { item: string; count: number };
  };
  const check = (item: string): void => {
    if (item === "bad") throw refusal(BAD_ITEM.code, BAD_ITEM.text);
  };
  const answer = (text: string, total: number): Message => create(response, { text, total });
  const givenUp = async (signal: AbortSignal, method: string): Promise<never> => {
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    seen.cancelled.push(method);
    throw refusal("cancelled", "given up");
  };
  return {
    async order(message: Message, { signal }: Pick<HandlerContext, "signal">) {
      const { item, count } = note(message);
      check(item);
      if (item === "slow") await givenUp(signal, "Order");
      return answer(`${count} ${item}`, count);
    },
    async *watch(message: Message, { signal }: HandlerContext) {
      const { item, count } = note(message);
      for (let i = 1; i <= count; i++) yield answer(`${item} ${i}`, i);
      check(item);
      if (item === "slow") await givenUp(signal, "Watch");
    },
    async collect(messages: AsyncIterable<Message>) {
      let total = 0;
      for await (const message of messages) {
        const { item, count } = note(message);
        check(item);
        total += count;
      }
      return answer("collected", total);
    },
    async *chat(messages: AsyncIterable<Message>) {
      for await (const message of messages) {
        const { item, count } = note(message);
        check(item);
        yield answer(`${count} ${item}`, count);
      }
    },
  };
}

function unreachable(): never {
  throw new Error("the shop is not what these tests take it for");
}
