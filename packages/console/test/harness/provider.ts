import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { cleanUp, type Cleanup } from "../../../server/test/harness/cleanup.ts";

/** An OpenID provider that others wrote, with the console as a public client. Users are called like the role that they have; "nobody" is refused. */
export interface TestProvider {
  readonly issuer: string;
  readonly clientId: string;
  /** For whom its access tokens are. */
  readonly audience: string;
}

const PROGRAM = fileURLToPath(new URL("./provider.mjs", import.meta.url));
const CLIENT_ID = "console";
const AUDIENCE = "https://interpose.example.com";

/** Starts a provider, which ends after the test. */
export async function startProvider(t: Cleanup): Promise<TestProvider> {
  const child = spawn(process.execPath, [PROGRAM, CLIENT_ID, AUDIENCE], { stdio: ["ignore", "pipe", "pipe"] });
  cleanUp(t, () => child.kill());
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  for await (const chunk of child.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    const issuer = /ready at (\S+)\n/.exec(text)?.[1];
    if (issuer !== undefined) return { issuer, clientId: CLIENT_ID, audience: AUDIENCE };
  }
  throw new Error(`the provider did not start: ${text}`);
}
