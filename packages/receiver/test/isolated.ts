import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { createContext, runInContext } from "node:vm";
import ts from "typescript";

/** What edge runtimes and browsers have beside the language. https://min-common-api.proposal.wintertc.org */
const WEB = {
  AbortController,
  AbortSignal,
  CryptoKey,
  Headers,
  ReadableStream,
  Request,
  Response,
  TextDecoder,
  TextEncoder,
  URL,
  atob,
  btoa,
  console,
  crypto,
  fetch,
  setTimeout,
  clearTimeout,
  structuredClone,
};

/** A world in which there is nothing of Node's. */
export interface IsolatedWorld {
  /** Loads a module and what it imports. Throws where one of them imports what is no file. */
  load(file: string): any;
  /** What was loaded: paths, and the JavaScript without comments. */
  readonly loaded: ReadonlyMap<string, string>;
}

/** Makes one. Modules are compiled to functions, since contexts load no modules without a flag. */
export function isolatedWorld(): IsolatedWorld {
  const context = createContext({ ...WEB });
  const modules = new Map<string, { exports: unknown }>();
  const loaded = new Map<string, string>();
  function load(file: string): unknown {
    const known = modules.get(file);
    if (known) return known.exports;
    const module = { exports: {} };
    modules.set(file, module);
    const compilerOptions = { target: ts.ScriptTarget.ES2024, removeComments: true };
    const source = readFileSync(file, "utf8");
    loaded.set(file, ts.transpile(source, { ...compilerOptions, module: ts.ModuleKind.ESNext }));
    const code = ts.transpile(source, { ...compilerOptions, module: ts.ModuleKind.CommonJS });
    const imports = (name: string) => load(resolved(file, name));
    const body = runInContext(`(function (exports, require, module) {${code}\n})`, context, { filename: file });
    body(module.exports, imports, module);
    return module.exports;
  }
  return { load, loaded };
}

function resolved(from: string, name: string): string {
  if (name.startsWith(".")) return join(dirname(from), name);
  if (name === "jose") return createRequire(pathToFileURL(from)).resolve(name);
  throw new Error(`${from} imports ${name}`);
}
