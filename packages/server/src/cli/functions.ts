import { toJson } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import type { Command } from "commander";
import { InterposeError } from "@interpose/engine";
import {
  FunctionOrigin,
  FunctionSchema,
  FunctionService,
  type Function as ProtoFunction,
} from "@interpose/protocol/gen/interpose/v1/function_service_pb";
import type { CommandTools } from "./command-tools.ts";
import { JSON_INPUT, readJsonObject } from "./input.ts";
import { printable, table } from "./output.ts";
import { readPages } from "./pages.ts";

const MOST_LISTED = 100_000;

interface DeclareOptions {
  readonly description?: string;
  readonly inputSchema?: string | false;
  readonly replySchema?: string | false;
}

/** Adds `functions list|get|create|update|delete|invoke`. */
export function addFunctions(functions: Command, toolsOf: (command: Command) => CommandTools): void {
  functions.description("declare functions, and invoke them: places in your programs at which targets have a say");

  functions
    .command("list")
    .description("list functions: those that are built in, then the others by name")
    .addHelpText("after", "\nExample:\n  interpose functions list")
    .action(async (_options: unknown, command: Command) => {
      const { output, withServer } = toolsOf(command);
      const found = await withServer((transport) => {
        const client = createClient(FunctionService, transport);
        return readPages(MOST_LISTED, async (page) => {
          const { functions: items, nextPageToken } = await client.listFunctions(page);
          return { items, nextPageToken };
        });
      });
      const rows = found.map(({ name, origin, description }) => [name, originOf(origin), description]);
      output.answer({ functions: found.map((each) => toJson(FunctionSchema, each)) }, () =>
        table(["NAME", "DECLARED", "DESCRIPTION"], rows, "There are no functions."),
      );
    });

  functions
    .command("get <name>")
    .description("show one function with its schemas")
    .addHelpText("after", "\nExample:\n  interpose functions get preaccesstoken")
    .action(async (name: string, _options: unknown, command: Command) => {
      const { output, withServer } = toolsOf(command);
      const { function: found } = await withServer((transport) =>
        createClient(FunctionService, transport).getFunction({ name }),
      );
      if (found) output.answer(toJson(FunctionSchema, found), () => describeFunction(found));
    });

  functions
    .command("create <name>")
    .description("declare a function, so that executions can name it")
    .option("--description <text>", "what it is for")
    .option("--input-schema <json>", `JSON Schema of its input: ${JSON_INPUT}`)
    .option("--reply-schema <json>", `JSON Schema of what the replies come to: ${JSON_INPUT}`)
    .addHelpText(
      "after",
      "\nExample:\n  interpose functions create price --description 'what a basket costs' --input-schema @price.schema.json",
    )
    .action(async (name: string, options: DeclareOptions, command: Command) => {
      const { output, withServer } = toolsOf(command);
      const { fields } = await fieldsFrom(options);
      const { function: created } = await withServer((transport) =>
        createClient(FunctionService, transport).createFunction({ function: { name, ...fields } }),
      );
      if (created) output.answer(toJson(FunctionSchema, created), () => `Declared the function ${printable(name)}.`);
    });

  functions
    .command("update <name>")
    .description("change what is given of a function that was declared over the API")
    .option("--description <text>", "what it is for")
    .option("--input-schema <json>", `JSON Schema of its input: ${JSON_INPUT}`)
    .option("--no-input-schema", "let any input fit")
    .option("--reply-schema <json>", `JSON Schema of what the replies come to: ${JSON_INPUT}`)
    .option("--no-reply-schema", "let any reply fit")
    .addHelpText("after", "\nExample:\n  interpose functions update price --no-reply-schema")
    .action(async (name: string, options: DeclareOptions, command: Command) => {
      const { output, withServer } = toolsOf(command);
      const { fields, paths } = await fieldsFrom(options);
      if (paths.length === 0)
        throw new InterposeError("bad_request", "Nothing is to change. --help shows what can be given.");
      const { function: updated } = await withServer((transport) =>
        createClient(FunctionService, transport).updateFunction({ name, function: fields, updateMask: { paths } }),
      );
      if (updated) output.answer(toJson(FunctionSchema, updated), () => `Changed the function ${printable(name)}.`);
    });

  functions
    .command("delete <name>")
    .description("remove a function that was declared over the API, and on which no execution is set")
    .addHelpText("after", "\nExample:\n  interpose functions delete price")
    .action(async (name: string, _options: unknown, command: Command) => {
      const { output, withServer } = toolsOf(command);
      await withServer((transport) => createClient(FunctionService, transport).deleteFunction({ name }));
      output.answer({ name }, () => `Removed the function ${printable(name)}.`);
    });

  functions
    .command("invoke <name>")
    .description("invoke a function, and print what its targets replied together")
    .option("--input <json>", `what targets are sent beside the function's id: an object as ${JSON_INPUT}`)
    .addHelpText(
      "after",
      `\nExamples:\n  interpose functions invoke price --input '{"amount": 3}'\n  interpose functions invoke preaccesstoken --input - < user.json`,
    )
    .action(async (name: string, { input = "{}" }: { readonly input?: string }, command: Command) => {
      const { output, withServer } = toolsOf(command);
      const given = await readJsonObject(input, "--input");
      const { output: replied = {} } = await withServer((transport) =>
        createClient(FunctionService, transport).invoke({ name, input: given }),
      );
      output.answer({ output: replied }, () => JSON.stringify(replied, undefined, 2));
    });
}

/** What is given of a function, and the paths of it. */
async function fieldsFrom({ description, inputSchema, replySchema }: DeclareOptions) {
  const schemaFrom = async (given: string | false | undefined, option: string) =>
    given === undefined || given === false ? undefined : readJsonObject(given, option);
  const [input, reply] = [
    await schemaFrom(inputSchema, "--input-schema"),
    await schemaFrom(replySchema, "--reply-schema"),
  ];
  return {
    fields: {
      ...(description !== undefined && { description }),
      ...(input && { inputSchema: input }),
      ...(reply && { replySchema: reply }),
    },
    paths: [
      ...(description === undefined ? [] : ["description"]),
      ...(inputSchema === undefined ? [] : ["input_schema"]),
      ...(replySchema === undefined ? [] : ["reply_schema"]),
    ],
  };
}

function originOf(origin: FunctionOrigin): string {
  return {
    [FunctionOrigin.BUILTIN]: "built in",
    [FunctionOrigin.SETTINGS]: "in the settings",
    [FunctionOrigin.API]: "over the API",
    [FunctionOrigin.UNSPECIFIED]: "",
  }[origin];
}

function describeFunction({ name, description, origin, inputSchema, replySchema }: ProtoFunction): string {
  const schema = (title: string, given: unknown): readonly string[] =>
    given === undefined ? [`${title}: anything`] : [`${title}:`, JSON.stringify(given, undefined, 2)];
  const about = description === "" ? [] : [printable(description)];
  return [
    `${printable(name)}, ${originOf(origin)}`,
    ...about,
    ...schema("Input", inputSchema),
    ...schema("Reply", replySchema),
  ].join("\n");
}
