import { toJson, type JsonObject } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import type { Command } from "commander";
import { InterposeError } from "@interpose/engine";
import { InstanceOutboundSchema, TargetOutboundSchema } from "@interpose/protocol/gen/interpose/v1/outbound_pb";
import { InstanceService } from "@interpose/protocol/gen/interpose/v1/instance_service_pb";
import { TargetService } from "@interpose/protocol/gen/interpose/v1/target_service_pb";
import type { CommandTools } from "./command-tools.ts";
import { readSecret, readText } from "./input.ts";
import { printable } from "./output.ts";

/** What is given of what targets are sent beside the payload. Secrets come from files alone: others of the machine see arguments. */
interface OutboundOptions {
  readonly headerFile?: readonly string[];
  readonly removeHeader?: readonly string[];
  readonly tokenUrl?: string;
  readonly clientId?: string;
  readonly clientSecretFile?: string;
  readonly scope?: readonly string[];
  readonly audience?: string;
  /** False: none. */
  readonly oauthClient?: false;
  readonly certificateFile?: string;
  readonly privateKeyFile?: string;
  /** False: none. */
  readonly clientCertificate?: false;
}

/** Adds `targets outbound`. */
export function addTargetOutbound(targets: Command, toolsOf: (command: Command) => CommandTools): void {
  addOutboundOptions(
    targets
      .command("outbound <id>")
      .description("show or change what a target is sent beside the payload, without what is secret"),
  )
    .option("--ignores-instance", "send it nothing of the instance's")
    .option("--no-ignores-instance", "send it what the instance sends to its origin; this is the default")
    .addHelpText(
      "after",
      `${SECRETS_HELP}\n\nExamples:\n  interpose targets outbound 388913050531135488\n  interpose targets outbound 388913050531135488 --header-file x-api-key=key.txt`,
    )
    .action(
      async (targetId: string, options: OutboundOptions & { readonly ignoresInstance?: boolean }, command: Command) => {
        const { output, withServer } = toolsOf(command);
        const { ignoresInstance, ...others } = options;
        const { outbound: given, paths } = await outboundFrom(others);
        if (ignoresInstance !== undefined) paths.push("ignores_instance");
        const { outbound } = await withServer(async (transport) => {
          const client = createClient(TargetService, transport);
          if (paths.length === 0) return await client.getTargetOutbound({ targetId });
          const changed = { ...given, ...(ignoresInstance !== undefined && { ignoresInstance }) };
          return await client.updateTargetOutbound({ targetId, outbound: changed, updateMask: { paths } });
        });
        const document = outbound ? (toJson(TargetOutboundSchema, outbound) as JsonObject) : {};
        output.answer(document, () => describeOutbound(document));
      },
    );
}

/** Adds `instance outbound`. */
export function addInstance(instance: Command, toolsOf: (command: Command) => CommandTools): void {
  instance.description("settings of the instance as a whole");
  addOutboundOptions(
    instance
      .command("outbound")
      .description("show or change what targets at some origins are sent beside the payload, without what is secret"),
  )
    .option(
      "--origin <origin...>",
      "where it is sent, such as https://hooks.corp or https://*.corp; all that are given replace those before",
    )
    .addHelpText(
      "after",
      `${SECRETS_HELP}\n\nExamples:\n  interpose instance outbound\n  interpose instance outbound --origin https://*.corp --header-file x-api-key=key.txt`,
    )
    .action(async (options: OutboundOptions & { readonly origin?: readonly string[] }, command: Command) => {
      const { output, withServer } = toolsOf(command);
      const { origin, ...others } = options;
      const { outbound: given, paths } = await outboundFrom(others);
      if (origin) paths.push("origins");
      const { outbound } = await withServer(async (transport) => {
        const client = createClient(InstanceService, transport);
        if (paths.length === 0) return await client.getInstanceOutbound({});
        const changed = { ...given, origins: [...(origin ?? [])] };
        return await client.updateInstanceOutbound({ outbound: changed, updateMask: { paths } });
      });
      const document = outbound ? (toJson(InstanceOutboundSchema, outbound) as JsonObject) : {};
      output.answer(document, () => describeOutbound(document));
    });
}

const SECRETS_HELP = "\nWhat is secret comes from files, - for standard input, and is never shown again.";

function addOutboundOptions(command: Command): Command {
  return command
    .option("--header-file <name=file...>", "send this header, with the value that is in the file; may be repeated")
    .option("--remove-header <name...>", "send this header no longer; may be repeated")
    .option("--token-url <url>", "token endpoint that access tokens are asked for at (OAuth2 client credentials)")
    .option("--client-id <id>", "as which client")
    .option("--client-secret-file <file>", "its secret; needed again with another --token-url")
    .option("--scope <scope...>", "scopes that are asked for")
    .option("--audience <text>", "whom the token shall be for")
    .option("--no-oauth-client", "ask for no access token")
    .option("--certificate-file <file>", "certificate that is shown in the handshake of TLS, as PEM")
    .option("--private-key-file <file>", "its private key, as PEM")
    .option("--no-client-certificate", "show no certificate");
}

/** What is given, and the paths of it. */
async function outboundFrom(options: OutboundOptions) {
  const { tokenUrl, clientId, clientSecretFile, scope, audience, certificateFile, privateKeyFile } = options;
  const headers: Record<string, string> = {};
  for (const given of options.headerFile ?? []) {
    const [, name, file] = /^([^=]+)=(.+)$/.exec(given) ?? [];
    if (name === undefined || file === undefined)
      throw new InterposeError("bad_request", `--header-file: write NAME=FILE, such as x-api-key=key.txt.`);
    headers[name.toLowerCase()] = await readSecret(file, "--header-file");
  }
  const clientSecret =
    clientSecretFile === undefined ? undefined : await readSecret(clientSecretFile, "--client-secret-file");
  const certificate = certificateFile === undefined ? undefined : await readText(certificateFile);
  const privateKey = privateKeyFile === undefined ? undefined : await readSecret(privateKeyFile, "--private-key-file");
  const removed = (options.removeHeader ?? []).map((name) => name.toLowerCase());
  const named = (path: string, value: unknown): readonly string[] => (value === undefined ? [] : [path]);
  return {
    outbound: {
      headers,
      oauth2Client: {
        ...(tokenUrl !== undefined && { tokenUrl }),
        ...(clientId !== undefined && { clientId }),
        ...(clientSecret !== undefined && { clientSecret }),
        ...(scope && { scopes: [...scope] }),
        ...(audience !== undefined && { audience }),
      },
      clientCertificate: {
        ...(certificate !== undefined && { certificate }),
        ...(privateKey !== undefined && { privateKey }),
      },
    },
    paths: [
      ...[...Object.keys(headers), ...removed].map((name) => `headers.${name}`),
      ...named("oauth2_client.token_url", tokenUrl),
      ...named("oauth2_client.client_id", clientId),
      ...named("oauth2_client.client_secret", clientSecret),
      ...named("oauth2_client.scopes", scope),
      ...named("oauth2_client.audience", audience),
      ...(options.oauthClient === false ? ["oauth2_client"] : []),
      ...named("client_certificate.certificate", certificate),
      ...named("client_certificate.private_key", privateKey),
      ...(options.clientCertificate === false ? ["client_certificate"] : []),
    ],
  };
}

function describeOutbound({ headers, ...others }: JsonObject): string {
  const names = headers ? Object.keys(headers) : [];
  const lines = Object.entries(others).map(
    ([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const all = [...(names.length > 0 ? [`headers: ${names.join(", ")} (their values are secret)`] : []), ...lines];
  return all.length === 0 ? "Nothing is sent beside the payload." : all.map(printable).join("\n");
}
