import {
  InterposeError,
  parseConditionId,
  validateDeliverySettings,
  validateExecutionOptions,
  type OptionsFault,
} from "@interpose/engine";
import { readAllowEntry } from "@interpose/caller";
import { z } from "zod";
import { checkEndpoint, checkName } from "../commands/target-rules.ts";
import { LONGEST_DURATION_MS, msOfDuration } from "../duration.ts";
import { faultOfEventType, faultOfText } from "../events/names.ts";
import { faultOfFunctionName, MAX_DESCRIPTION_LENGTH } from "../functions/declaration.ts";
import { faultOfSchema } from "../functions/rules.ts";

/** Name of a document that says none. */
export const DEFAULT_DOCUMENT = "default";
/** Most things of one kind in a document. */
const MOST_THINGS = 5_000;
const MOST_ENTRIES = 1_000;
const MOST_SHADOWS = 50;

type Context = z.core.$RefinementCtx;

function refuse(context: Context, message: string, ...path: readonly (string | number)[]): void {
  context.addIssue({ code: "custom", message: message.replace(/\.$/, ""), path: [...path] });
}

/** Text that a rule of the commands holds for. */
function ruled(check: (text: string) => void) {
  return (text: string, context: Context): void => {
    try {
      check(text);
    } catch (error) {
      if (!(error instanceof InterposeError)) throw error;
      refuse(context, error.message);
    }
  };
}

/** Text for which `faultOf` says what is wrong with it. */
function faultless(faultOf: (text: string) => string | undefined) {
  return (text: string, context: Context): void => {
    const fault = faultOf(text);
    if (fault !== undefined) refuse(context, fault);
  };
}

const duration = z.string().superRefine(
  faultless((text) => {
    const ms = msOfDuration(text);
    if (ms === undefined) return "must be a length of time: a number and ms, s, m, h or d, such as 10s";
    return ms > LONGEST_DURATION_MS ? "must be shorter than 10,000 years" : undefined;
  }),
);

const condition = z
  .string()
  .superRefine(
    faultless((text) =>
      parseConditionId(text)
        ? undefined
        : "must be a condition such as request/package.Service/Method, response, function/NAME or event/user.*",
    ),
  );

const description = z
  .string()
  .superRefine(faultless((text) => faultOfText(text, MAX_DESCRIPTION_LENGTH)))
  .default("")
  .describe("what it is for");

const targetSchema = z
  .strictObject({
    name: z.string().superRefine(ruled(checkName)).describe("name, unique but for upper and lower case"),
    type: z
      .enum(["webhook", "call", "async"])
      .default("webhook")
      .describe("webhook: watches; call: its reply may change the message; async: is not waited for"),
    endpoint: z.string().superRefine(ruled(checkEndpoint)).describe("URL that is called, http or https"),
    timeout: duration.default("10s").describe("longest time of a call"),
    interruptOnError: z.boolean().default(false).describe("a failed call refuses the message"),
    dialect: z.enum(["v3alpha", "v2"]).default("v3alpha").describe("spelling of what it is sent"),
    replyMode: z
      .enum(["dialect", "patch"])
      .default("dialect")
      .describe("how its reply is applied: as the dialect has it, or patch: what it leaves out stays"),
    payloadType: z.enum(["json", "jwt", "jwe"]).default("json").describe("plain, signed, or signed and encrypted"),
    delivery: z
      .strictObject({
        retry: z.array(duration).optional().describe("time before each attempt after the first"),
        maxConcurrency: z.int().optional().describe("most attempts at once, from 1 to 1,000; default 20"),
        maxPerSecond: z.int().optional().describe("most attempts within a second; 0, the default: no limit"),
      })
      .superRefine(({ retry, maxConcurrency, maxPerSecond }, context) => {
        const fault = validateDeliverySettings({
          ...(retry && { retryDelaysMs: retry.map((text) => msOfDuration(text) ?? 1) }),
          ...(maxConcurrency !== undefined && { maxConcurrency }),
          ...(maxPerSecond !== undefined && { maxPerSecond }),
        });
        if (fault) refuse(context, fault.description, fault.field === "retryDelaysMs" ? "retry" : fault.field);
      })
      .prefault({})
      .describe("how events are delivered to it"),
    egressAllow: z
      .array(z.string().superRefine(faultless((text) => readAllowEntry(text).fault)))
      .max(50)
      .default([])
      .describe("networks (CIDRs) and hosts (hooks.corp, *.corp) that may be called for this target alone"),
    paused: z.boolean().optional().describe("whether its deliveries are held; without it, that is left as it is"),
  })
  .superRefine(({ type, interruptOnError }, context) => {
    if (type === "async" && interruptOnError)
      refuse(context, "must be false where the type is async: such a target is not waited for", "interruptOnError");
  });

const entrySchema = z
  .strictObject({
    target: z.string().min(1).optional().describe("name of a target that is called"),
    include: condition.optional().describe("condition of an execution whose targets stand in for it"),
  })
  .refine(({ target, include }) => (target === undefined) !== (include === undefined), "must have target or include")
  .meta({ oneOf: [{ required: ["target"] }, { required: ["include"] }] });

const OPTION_OF: Readonly<Record<OptionsFault["field"], string>> = {
  run_on_errors: "runOnErrors",
  hidden_fields: "hiddenFields",
  fifo_by: "fifoBy",
  match: "match",
  shadow_targets: "shadowTargets",
};

const executionSchema = z
  .strictObject({
    condition: condition.describe("what it is for, as the id of an execution: request/package.Service/Method"),
    targets: z.array(entrySchema).min(1).max(MOST_ENTRIES).describe("what is called, in this order"),
    runOnErrors: z.boolean().default(false).describe("call the targets of a response for an error of the API too"),
    hiddenFields: z.array(z.string()).default([]).describe("paths of fields that its targets neither see nor change"),
    fifoBy: z.string().min(1).optional().describe("by what deliveries follow each other: aggregate, or a path"),
    match: z.enum(["exact", "equivalent"]).default("exact").describe("whether it is for other versions too"),
    shadowTargets: z
      .array(z.string().min(1))
      .max(MOST_SHADOWS)
      .default([])
      .describe("names of targets of it that are called as shadows: beside the run, never applied"),
  })
  .superRefine(({ condition: text, targets, runOnErrors, hiddenFields, fifoBy, match, shadowTargets }, context) => {
    for (const [i, key] of targets.map(({ target, include }) => JSON.stringify([target, include])).entries()) {
      const first = targets.findIndex(({ target, include }) => JSON.stringify([target, include]) === key);
      if (first < i) refuse(context, `is the same as targets[${first}]. Name it once`, "targets", i);
    }
    const parsed = parseConditionId(text);
    const fault =
      parsed &&
      validateExecutionOptions(parsed, {
        runOnErrors,
        hiddenFields,
        ...(fifoBy !== undefined && { fifoBy }),
        ...(match === "equivalent" && { match }),
        shadowTargets,
      });
    if (fault) refuse(context, fault.description, OPTION_OF[fault.field]);
  });

const jsonSchema = (what: string) =>
  z
    .record(z.string(), z.json())
    .superRefine((schema, context) => {
      const fault = faultOfSchema(schema);
      if (fault !== undefined) refuse(context, fault);
    })
    .optional()
    .describe(`JSON Schema (2020-12) of what ${what}`);

const functionSchema = z.strictObject({
  name: z.string().superRefine(faultless(faultOfFunctionName)).describe("name of the function"),
  description,
  input: jsonSchema("an input must be"),
  reply: jsonSchema("the replies of its targets must come to"),
});

const eventTypeSchema = z.strictObject({
  type: z
    .string()
    .superRefine(faultless(faultOfEventType))
    .describe("type of events that others publish, such as order.placed"),
  description,
});

/** A document of actions: its types, bounds, defaults and meaning. */
export const actionsSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][\w.-]{0,99}$/, "must be up to 100 letters, digits, dots, underscores and hyphens")
      .default(DEFAULT_DOCUMENT)
      .describe("name of the document, which owns what applying it makes"),
    targets: z.array(targetSchema).max(MOST_THINGS).default([]).describe("HTTP endpoints that executions call"),
    executions: z
      .array(executionSchema)
      .max(MOST_THINGS)
      .default([])
      .describe("conditions, and what is called when they happen"),
    functions: z.array(functionSchema).max(MOST_THINGS).default([]).describe("functions, with their schemas"),
    eventTypes: z.array(eventTypeSchema).max(MOST_THINGS).default([]).describe("types of events that are declared"),
  })
  .describe("targets, executions, functions and types of events that Interpose is to have");

/** A document that is complete and checked. */
export type ActionsDocument = z.output<typeof actionsSchema>;

/** Names of the fields that a document can have at a path, such as `["targets", 0, "delivery"]`. */
export function fieldsAt(path: readonly (string | number)[]): readonly string[] {
  let schema = unwrapped(actionsSchema);
  for (const part of path) {
    if (schema instanceof z.ZodArray) schema = unwrapped(schema.element as z.ZodType);
    else if (schema instanceof z.ZodObject) schema = unwrapped((schema.shape as Record<string, z.ZodType>)[part]);
    else return [];
  }
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** The schema without what only says that it may be missing. */
function unwrapped(schema: z.ZodType | undefined): z.ZodType | undefined {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional)
    return unwrapped(schema.unwrap() as z.ZodType);
  return schema;
}
