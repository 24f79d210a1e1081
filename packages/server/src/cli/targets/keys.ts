import { toJson } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { Option, type Command } from "commander";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  RotateSigningKeyResponseSchema,
  SigningKeyKind,
  SigningKeySchema,
  TargetService,
} from "@interpose/protocol/gen/interpose/v1/target_service_pb";
import { ActionService } from "@interpose/protocol/gen/zitadel/action/v2/action_service_pb";
import type { PublicKey } from "@interpose/protocol/gen/zitadel/action/v2/target_pb";
import { durationFromMs } from "../../api/duration.ts";
import type { CommandTools } from "../command-tools.ts";
import { parseDuration } from "../duration.ts";
import { readText } from "../input.ts";
import { table } from "../output.ts";
import { isoTime, readableTime } from "../readable.ts";

const KINDS = { hmac: SigningKeyKind.HMAC, ed25519: SigningKeyKind.ED25519 } as const;

interface RotateOptions {
  readonly kind: keyof typeof KINDS;
  readonly grace?: string;
}

/** Adds `targets signing-keys|rotate-key|public-keys|add-public-key|activate-public-key|deactivate-public-key|remove-public-key`. */
export function addKeys(targets: Command, toolsOf: (command: Command) => CommandTools): void {
  targets
    .command("signing-keys <id>")
    .description("list the keys that sign what a target is sent, newest first, without what is secret")
    .addHelpText("after", "\nExample:\n  interpose targets signing-keys 388913050531135488")
    .action(async (targetId: string, _options: unknown, command: Command) => {
      const { output, withServer } = toolsOf(command);
      const { keys } = await withServer((transport) =>
        createClient(TargetService, transport).listSigningKeys({ targetId }),
      );
      const rows = keys.map(({ id, kind, createTime, expireTime, publicKey }) => [
        id,
        SigningKeyKind[kind].toLowerCase(),
        readableTime(createTime),
        readableTime(expireTime),
        publicKey.replaceAll(/-----[^-]*-----|\s/g, ""),
      ]);
      output.answer({ keys: keys.map((key) => toJson(SigningKeySchema, key)) }, () =>
        table(["ID", "KIND", "CREATED", "EXPIRES", "PUBLIC KEY"], rows, "No key signs what this target is sent."),
      );
    });

  targets
    .command("rotate-key <id>")
    .description("give a target a new signing key, which is shown this once")
    .addOption(new Option("--kind <kind>", "kind of key").choices(Object.keys(KINDS)).default("hmac"))
    .option("--grace <duration>", "how long the keys of that kind before sign on, up to 30d; default: 1d")
    .addHelpText("after", "\nExample:\n  interpose targets rotate-key 388913050531135488 --grace 2h")
    .action(async (targetId: string, { kind, grace }: RotateOptions, command: Command) => {
      const { output, withServer } = toolsOf(command);
      const rotated = await withServer((transport) =>
        createClient(TargetService, transport).rotateSigningKey({
          targetId,
          kind: KINDS[kind],
          ...(grace !== undefined && { grace: durationFromMs(parseDuration(grace, "--grace")) }),
        }),
      );
      output.answer(toJson(RotateSigningKeyResponseSchema, rotated), () =>
        rotated.secret === ""
          ? `The target has the new key ${rotated.key?.id ?? ""}. Its public half:\n${rotated.key?.publicKey ?? ""}`
          : `The target has the new key ${rotated.key?.id ?? ""}. It is shown this once:\n${rotated.secret}`,
      );
    });

  targets
    .command("public-keys <id>")
    .description("list the public keys that payloads to a target can be encrypted to")
    .addHelpText("after", "\nExample:\n  interpose targets public-keys 388913050531135488")
    .action(async (targetId: string, _options: unknown, command: Command) => {
      const { output, withServer } = toolsOf(command);
      const { publicKeys } = await withServer((transport) =>
        createClient(ActionService, transport).listPublicKeys({ targetId }),
      );
      const listed = publicKeys.map(publicKeyDocument);
      const rows = publicKeys.map(({ keyId, active, fingerprint, creationDate, expirationDate }) => [
        keyId,
        active ? "active" : "",
        readableTime(creationDate),
        readableTime(expirationDate),
        fingerprint,
      ]);
      output.answer({ publicKeys: listed }, () =>
        table(["ID", "", "CREATED", "EXPIRES", "FINGERPRINT"], rows, "The target has no public keys."),
      );
    });

  targets
    .command("add-public-key <id>")
    .description("give a target a public key that payloads can be encrypted to; activate it then")
    .requiredOption("--file <file>", "the key as PEM, - for standard input")
    .option("--expires <duration>", "how long it is good for, such as 90d; default: until it is removed")
    .addHelpText(
      "after",
      "\nExample:\n  interpose targets add-public-key 388913050531135488 --file key.pem --expires 90d",
    )
    .action(
      async (targetId: string, options: { readonly file: string; readonly expires?: string }, command: Command) => {
        const { output, withServer } = toolsOf(command);
        const { expires } = options;
        const publicKey = Buffer.from(await readText(options.file));
        const until = expires === undefined ? undefined : new Date(Date.now() + parseDuration(expires, "--expires"));
        const { keyId } = await withServer((transport) =>
          createClient(ActionService, transport).addPublicKey({
            targetId,
            publicKey,
            ...(until && { expirationDate: timestampFromDate(until) }),
          }),
        );
        output.answer({ keyId }, () => `Added the public key ${keyId}. Activate it, and payloads are encrypted to it.`);
      },
    );

  for (const { name, description, past } of CHANGES) {
    targets
      .command(`${name}-public-key <id> <key>`)
      .description(description)
      .addHelpText("after", `\nExample:\n  interpose targets ${name}-public-key 388913050531135488 388913050531135489`)
      .action(async (targetId: string, keyId: string, _options: unknown, command: Command) => {
        const { output, withServer } = toolsOf(command);
        await withServer(async (transport) => {
          const client = createClient(ActionService, transport);
          if (name === "activate") await client.activatePublicKey({ targetId, keyId });
          else if (name === "deactivate") await client.deactivatePublicKey({ targetId, keyId });
          else await client.removePublicKey({ targetId, keyId });
        });
        output.answer({ keyId }, () => `${past} the public key ${keyId}.`);
      });
  }
}

const CHANGES = [
  {
    name: "activate",
    description: "encrypt payloads to this public key, in place of the one before",
    past: "Activated",
  },
  { name: "deactivate", description: "encrypt payloads to this public key no longer", past: "Deactivated" },
  { name: "remove", description: "remove a public key that is not active", past: "Removed" },
] as const;

function publicKeyDocument({ keyId, active, fingerprint, creationDate, expirationDate, publicKey }: PublicKey) {
  return {
    keyId,
    active,
    fingerprint,
    created: isoTime(creationDate),
    expires: isoTime(expirationDate),
    publicKey: Buffer.from(publicKey).toString(),
  };
}
