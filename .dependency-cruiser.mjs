/** Which way imports run: packages as DESIGN lays them out, and inside the server from its rims to its core. */
/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    {
      name: "no-circles",
      comment: "Files that import each other in a circle can only be understood together.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "engine-is-pure",
      comment: "The engine does no I/O and depends on nothing: what it needs of the world comes in as an argument.",
      severity: "error",
      from: { path: "^packages/engine/src", pathNot: "\\.test\\.ts$" },
      to: { pathNot: "^packages/engine/src" },
    },
    {
      name: "protocol-does-no-io",
      comment: "The protocol package turns values into values.",
      severity: "error",
      from: { path: "^packages/protocol/src", pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "receiver-stands-alone",
      comment:
        "Targets run anywhere: the receiver imports nothing of ours and nothing of Node's, and jose only where tokens are opened.",
      severity: "error",
      from: { path: "^packages/receiver/src", pathNot: "\\.test\\.ts$|/tokens\\.ts$" },
      to: { pathNot: "^packages/receiver/src" },
    },
    {
      name: "receiver-opens-tokens-with-jose",
      comment: "The one dependency of the receiver is jose's.",
      severity: "error",
      from: { path: "^packages/receiver/src/tokens\\.ts$" },
      to: { pathNot: "^packages/receiver/src|node_modules/jose/" },
    },
    {
      name: "console-knows-the-contract-alone",
      comment:
        "The console talks to the public API: of ours it imports the generated messages and services, and nothing else.",
      severity: "error",
      from: { path: "^packages/console/src" },
      to: {
        path: "^packages/|node_modules/(@interpose|interpose)/",
        pathNot: "^packages/(console/src|protocol/src/gen)/",
      },
    },
    {
      name: "nobody-imports-the-console",
      comment: "The server has its files, and not its code.",
      severity: "error",
      from: { path: "^packages/(?!console/)" },
      to: { path: "^packages/console/" },
    },
    {
      name: "only-the-store-knows-postgres",
      comment: "SQL and its driver stay in store/.",
      severity: "error",
      from: { path: "^packages/server/src", pathNot: "^packages/server/src/store|\\.test\\.ts$" },
      to: { path: "node_modules/(@types/)?pg/" },
    },
    {
      name: "no-test-in-product",
      comment: "What is shipped does not import tests.",
      severity: "error",
      from: { pathNot: "\\.test\\.ts$|/test/|^bench/" },
      to: { path: "\\.test\\.ts$|/test/" },
    },
    {
      name: "declared-dependencies",
      comment: "A package that is imported is named in package.json.",
      severity: "error",
      from: { path: "^packages/[^/]+/src", pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown", "npm-dev"] },
    },
  ],
  options: {
    exclude: { path: "/dist/" },
    doNotFollow: { path: ["node_modules", "/gen/"] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.base.json" },
    enhancedResolveOptions: {
      extensions: [".ts", ".js", ".mjs"],
      exportsFields: ["exports"],
      conditionNames: ["import", "types", "node"],
    },
  },
};
