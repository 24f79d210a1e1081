import {
  createOwnApi as createOwnApiWithEngine,
  type OwnApi,
  type OwnApiOptions,
  type OwnMethod,
} from "../../packages/server/src/hosts/own-api/index.ts";
import { record } from "../harness/probe.ts";
import { formFrom } from "./cases.ts";
import { createOwnApi as createOwnApiWithoutEngine } from "./without-engine.ts";

const form = formFrom(new URL(import.meta.url).searchParams.get("form"));

/** The own API with the engine or without it, which records how many nanoseconds each call takes in it. The clock costs both the same. */
export function createOwnApi(options: OwnApiOptions): OwnApi {
  const { methods } = form === "with" ? createOwnApiWithEngine(options) : createOwnApiWithoutEngine(options);
  return { methods: new Map([...methods].map(([name, method]) => [name, timed(method)])) };
}

function timed(method: OwnMethod): OwnMethod {
  if (method.kind !== "unary") return method;
  return {
    ...method,
    async invoke(request, call) {
      const start = performance.now();
      const answer = await method.invoke(request, call);
      record((performance.now() - start) * 1e6);
      return answer;
    },
  };
}
