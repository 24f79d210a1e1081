import { fileURLToPath } from "node:url";
import type { Cleanup } from "../harness/cleanup.ts";
import { startServer, type JsonAnswer, type TestServer } from "../harness/server.ts";
import type { TcpPostgres } from "../harness/tcp-postgres.ts";
import type { Random } from "../harness/random.ts";

/** What was done to the cluster that may make somebody be told twice. */
export interface Disruption {
  readonly kind: "kill" | "freeze" | "postgres";
  /** Milliseconds by this process's monotonic clock. */
  readonly at: number;
  /** When what it disturbed was over. */
  until: number;
}

/** Some servers on one database, of which any may be gone at a time. */
export interface Cluster {
  readonly disruptions: readonly Disruption[];
  /** Asks servers, one after another and again, until one answers with a status below 500. */
  ask(verb: string, path: string, body?: unknown): Promise<JsonAnswer>;
  /** SIGKILL, and after a while a new one. */
  kill(): void;
  /** SIGTERM, and then a new one. */
  restart(): void;
  /** SIGSTOP for so long that its lease is over, and SIGCONT. */
  freeze(ms: number): void;
  /** The clock of one jumps. */
  jump(): void;
  restartPostgres(signal: "SIGINT" | "SIGKILL"): void;
  /** Waits until all of that is over, and all servers are there. */
  settled(): Promise<void>;
}

const CLOCK_JUMP = fileURLToPath(new URL("./clock-jump.mjs", import.meta.url));
/** A request that takes longer is made again elsewhere. */
const PATIENCE_MS = 5_000;
/** After a server is lost, how long its calls may still be on their way. */
const AFTERMATH_MS = 15_000;
/** What is done to the cluster is over by then, however busy the machine. */
const SETTLED_MS = 120_000;

/** Starts servers that share a database. */
export async function startCluster(
  t: Cleanup,
  options: {
    readonly size: number;
    readonly postgres: TcpPostgres;
    readonly databaseUrl: string;
    readonly random: Random;
  },
): Promise<Cluster> {
  const { size, postgres, databaseUrl, random } = options;
  const launch = (): Promise<TestServer> =>
    startServer(t, {
      databaseUrl,
      env: {
        NODE_OPTIONS: `--import=${CLOCK_JUMP}`,
        INTERPOSE_SHUTDOWN_TIMEOUT_SECONDS: "5",
        INTERPOSE_LOG_LEVEL: "warn",
      },
    });
  /** Servers that are ended on purpose. */
  const ending = new Set<TestServer>();
  /** What became of servers that ended by themselves, which none may. */
  const crashes: string[] = [];
  async function launched(): Promise<TestServer> {
    const server = await launch();
    server.child.once("exit", (code, signal) => {
      if (!ending.has(server))
        crashes.push(`a server ended by itself (${code ?? signal}):\n${server.stderr().slice(-4_000)}`);
    });
    return server;
  }
  function refuseCrashes(): void {
    const [crash] = crashes;
    if (crash !== undefined) throw new Error(crash);
  }
  const servers: (TestServer | undefined)[] = await Promise.all(Array.from({ length: size }, launched));
  /** What is being done to the cluster, by name. */
  const busy = new Map<Promise<void>, string>();
  const disruptions: Disruption[] = [];

  function disrupt(kind: Disruption["kind"]): Disruption {
    const disruption = { kind, at: performance.now(), until: Infinity };
    disruptions.push(disruption);
    return disruption;
  }

  function begin(name: string, work: Promise<void>): void {
    const done: Promise<void> = work.finally(() => busy.delete(done));
    busy.set(done, name);
  }

  /** Takes one server out, if another stays, and puts back what comes of it. */
  function withOne(name: string, work: (server: TestServer) => Promise<TestServer>): void {
    const living = servers.flatMap((server, i) => (server ? [i] : []));
    if (living.length < 2) return;
    const place = random.pick(living);
    const server = servers[place];
    if (!server) return;
    servers[place] = undefined;
    begin(
      `${name} of ${server.pid}`,
      work(server).then((next) => void (servers[place] = next)),
    );
  }

  async function relaunched(): Promise<TestServer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await launched();
      } catch (error) {
        // PostgreSQL may be on its way down at this very moment.
        if (attempt === 5) throw error;
      }
    }
  }

  return {
    disruptions,
    async ask(verb, path, body) {
      const until = Date.now() + 120_000;
      let last: unknown;
      while (Date.now() < until) {
        refuseCrashes();
        const living = servers.filter((server) => server !== undefined);
        const server = living.length > 0 ? random.pick(living) : undefined;
        const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), PATIENCE_MS).unref());
        const answer = await Promise.race([server?.request(verb, path, body), late]).catch((error: unknown) => {
          last = error;
        });
        if (answer && answer.status < 500) return answer;
        last = answer?.body ?? last;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`nobody answers ${verb} ${path}`, { cause: last });
    },
    kill: () =>
      withOne("kill", async (server) => {
        const disruption = disrupt("kill");
        ending.add(server);
        await server.kill();
        await new Promise((resolve) => setTimeout(resolve, random.int(0, 2_000)));
        const next = await relaunched();
        disruption.until = performance.now() + AFTERMATH_MS;
        return next;
      }),
    restart: () =>
      withOne("restart", async (server) => {
        ending.add(server);
        const code = await server.stop();
        if (code !== 0)
          crashes.push(`a server that was told to stop exited with ${code}:\n${server.stderr().slice(-4_000)}`);
        return relaunched();
      }),
    freeze: (ms) =>
      withOne("freeze", async (server) => {
        const disruption = disrupt("freeze");
        process.kill(server.pid, "SIGSTOP");
        await new Promise((resolve) => setTimeout(resolve, ms));
        process.kill(server.pid, "SIGCONT");
        disruption.until = performance.now() + AFTERMATH_MS;
        return server;
      }),
    jump() {
      refuseCrashes();
      const living = servers.filter((server) => server !== undefined);
      if (living.length > 0) process.kill(random.pick(living).pid, "SIGUSR2");
    },
    restartPostgres(signal) {
      const disruption = disrupt("postgres");
      begin(
        `${signal} of PostgreSQL`,
        postgres.restart(signal).then(() => void (disruption.until = performance.now() + AFTERMATH_MS)),
      );
    },
    async settled() {
      const late = new Promise<"late">((resolve) => setTimeout(() => resolve("late"), SETTLED_MS).unref());
      while (busy.size > 0) {
        if ((await Promise.race([Promise.all(busy.keys()), late])) !== "late") continue;
        const said = servers.map((server) => server?.stderr().slice(-1_000)).join("\n");
        throw new Error(`not over after ${SETTLED_MS} ms: ${[...busy.values()].join(", ")}\n${said}`);
      }
      refuseCrashes();
    },
  };
}
