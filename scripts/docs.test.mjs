// Documents name what is there: links lead somewhere, paths exist, and ARCHITECTURE.md names every folder.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { ERROR_REASONS } from "@interpose/engine";
import { createRoutes, methodRules } from "@interpose/protocol";
import { ActionsService } from "@interpose/protocol/gen/interpose/v1/actions_service_pb";
import { EventService } from "@interpose/protocol/gen/interpose/v1/event_service_pb";
import { DeliveryService } from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import { ExecutionService } from "@interpose/protocol/gen/interpose/v1/execution_service_pb";
import { FunctionService } from "@interpose/protocol/gen/interpose/v1/function_service_pb";
import { TargetService } from "@interpose/protocol/gen/interpose/v1/target_service_pb";
import { TokenService } from "@interpose/protocol/gen/interpose/v1/token_service_pb";
import { ActionService as ActionServiceV2 } from "@interpose/protocol/gen/zitadel/action/v2/action_service_pb";
import { ActionService as ActionServiceV2beta } from "@interpose/protocol/gen/zitadel/action/v2beta/action_service_pb";
import { ActionService as ActionServiceV3alpha } from "@interpose/protocol/gen/zitadel/action/v3alpha/action_service_pb";
import { generatedDocuments } from "./docs.mjs";
import { root } from "./install.mjs";

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(root, file)));
const documents = files.filter((file) => file.endsWith(".md") && !file.includes("third_party/"));
const read = (file) => readFileSync(join(root, file), "utf8");

describe("the documents", () => {
  for (const document of documents) {
    it(`${document} links to what is there`, () => {
      for (const [, target] of read(document).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        assert.ok(existsSync(join(root, dirname(document), target)), `${target} is not there`);
      }
    });

    it(`${document} names paths that exist`, () => {
      for (const [, path] of read(document).matchAll(/`((?:packages|scripts|docs|bench|examples)\/[^`\s*<…]+)`/g)) {
        assert.ok(existsSync(join(root, path.replace(/\/$/, ""))), `${path} is not there`);
      }
    });
  }

  it("ARCHITECTURE.md names files that are there", () => {
    // Paths leave "src" away where the folder above says whose they are.
    const paths = files.flatMap((file) => [`/${file}`, `/${file.replace("/src/", "/")}`]);
    for (const [, name] of read("ARCHITECTURE.md").matchAll(/`([\w./-]+\.(?:ts|mjs|txt))`/g))
      assert.ok(
        paths.some((path) => path.endsWith(`/${name}`)),
        `${name} is not there`,
      );
  });

  it("docs/api.md has every path of the API, with its verb and its permission", () => {
    const lines = read("docs/api.md")
      .split("\n")
      .filter((line) => line.startsWith("|"));
    for (const { verb, template, method } of createRoutes([
      ActionServiceV3alpha,
      ActionServiceV2beta,
      ActionServiceV2,
      ActionsService,
      EventService,
      DeliveryService,
      ExecutionService,
      FunctionService,
      TargetService,
      TokenService,
    ]).all) {
      const { access } = methodRules(method);
      // One table has both of the newer versions, which differ in their prefix.
      const path = template.text.replace("/v2beta/", "/v2/");
      const line = lines.find((each) => each.includes(`\`${verb} ${path}\``));
      assert.ok(line, `${verb} ${template.text} is not there`);
      assert.ok(line.includes(`${method.name} |`), line);
      assert.ok(line.includes(access.kind === "permission" ? `\`${access.permission}\`` : "| any token |"), line);
    }
  });

  it("docs/api.md has every reason of an error that a client can meet", () => {
    const text = read("docs/api.md");
    const inside = [
      "internal",
      "settings_invalid",
      "data_dir_in_use",
      "database_too_new",
      "descriptors_invalid",
      "descriptors_unavailable",
      // Told by code and text alone.
      "body_malformed",
      "coding_missing",
      "coding_unknown",
      "upstream_malformed",
      "call_unknown",
      "call_timed_out",
    ];
    for (const reason of Object.keys(ERROR_REASONS)) {
      if (!inside.includes(reason)) assert.ok(text.includes(`\`${reason.toUpperCase()}\``), reason);
    }
  });

  it("ARCHITECTURE.md names every folder of the packages", () => {
    const text = read("ARCHITECTURE.md");
    const folders = new Set();
    for (const file of files.filter((each) => each.startsWith("packages/"))) {
      const parts = dirname(file).split("/");
      const isForeign = parts.some((part) => ["gen", "third_party", "proto", "protos"].includes(part));
      // Of the console's pages each has a folder, which `pages.ts` names.
      if (!isForeign && !/\/console\/src\/pages\/./.test(`/${parts.join("/")}`)) folders.add(parts.slice(2).join("/"));
    }
    for (const folder of folders) {
      if (folder !== "") assert.ok(text.includes(`${folder}/\``), `${folder}/ is not named`);
    }
  });
});

describe("generated documents", async () => {
  const generated = await generatedDocuments();
  for (const [path, text] of generated) {
    it(`${path} is current`, () =>
      assert.ok(existsSync(join(root, path)) && read(path) === text, "run: npm run docs:generate"));
  }

  it("have nothing beside them that is not generated", () => {
    for (const file of files.filter((each) => each.startsWith("docs/reference/")))
      assert.ok(generated.has(file), `${file} is not generated`);
  });
});
