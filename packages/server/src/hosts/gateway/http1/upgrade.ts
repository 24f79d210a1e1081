import { request as httpRequest, ServerResponse, type IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { DEFAULT_LIMITS } from "../relay/limits.ts";
import { readRequestHead, type RequestHead } from "../relay/header-fields.ts";
import type { HeaderBlock } from "../relay/hpack/index.ts";
import type { RelayAnswer } from "../relay/interceptor.ts";
import type { Origin } from "../relay/origin.ts";
import { blockOfRequest, fieldsFromRaw, http1HeadOf, pairsOf } from "./fields.ts";
import { hasBody, originOf, sendHead, sendInterim } from "./front.ts";
import { joinSockets } from "./tunnel.ts";

/** Protocols in which calls could go past the hooks, as nobody would look into them: HTTP itself, and TLS (RFC 9113, section 3.1: h2c is not to be taken any more). */
const NEVER = /^(http|h2|h3|tls)/i;

/** What upgrades need. */
export interface UpgradesOptions {
  /** Answers a request as one that asks for no upgrade. */
  readonly ordinary: (request: IncomingMessage, response: ServerResponse) => void;
  /** Whether the upstream speaks HTTP/1.1: in HTTP/2 there is nothing to upgrade. */
  readonly speaksHttp1: () => Promise<boolean>;
  /** Opens a connection to the upstream. */
  readonly open: () => Socket;
  /** Host and port of the upstream, for requests that name none. */
  readonly host: string;
  /** The request as the upstream shall have it. */
  readonly forwarded: (block: HeaderBlock, origin: Origin) => HeaderBlock;
  /** Whether anybody looks at what is called by this request. Behind an upgrade, nobody could. */
  readonly isIntercepted: (head: RequestHead, block: HeaderBlock) => boolean;
  /** What a client is told when the upstream cannot be reached. */
  readonly unreachable: (head: RequestHead, block: HeaderBlock) => RelayAnswer;
}

/** Requests of HTTP/1.1 that ask for another protocol on their connection (RFC 9110, section 7.8), such as WebSocket. */
export interface Upgrades {
  /** Whether to `take` a request; another one is answered as if it asked for no upgrade, as a server may. */
  isWanted(request: IncomingMessage): boolean;
  /** Takes a request, with what of its connection came behind it. */
  take(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** How many are under way, or tunnels. */
  readonly size: number;
  /** Breaks off all that are left. */
  destroy(): void;
}

/**
 * States of each: *asking*, until the upstream has answered; *tunnel*, after its 101: bytes pass both ways until both sides have ended; or *refused*: its answer passes, and
 * the connection ends behind it, since what the client has sent on could be either protocol.
 */
export function createUpgrades(options: UpgradesOptions): Upgrades {
  const running = new Set<Socket>();

  function isWanted(request: IncomingMessage): boolean {
    if (protocolsOf(request).length === 0 || hasBody(request) || request.httpVersionMinor === 0) return false;
    const block = blockOfRequest(request);
    const head = readRequestHead(block.fields);
    return typeof head !== "string" && !options.isIntercepted(head, block);
  }

  /** Node has given the connection up to us: an answer is the last one on it. */
  function responseOn(request: IncomingMessage, socket: Socket): ServerResponse {
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once("finish", () => socket.end());
    return response;
  }

  function ask(request: IncomingMessage, socket: Socket, early: Buffer): void {
    const block = options.forwarded(blockOfRequest(request), originOf(socket));
    const head = readRequestHead(block.fields);
    const asked = protocolsOf(request);
    const head1 = http1HeadOf(block, { host: options.host, hasBody: false, upgrade: asked.join(", ") });
    const response = responseOn(request, socket);
    if (!head1 || typeof head === "string") {
      response.writeHead(400).end();
      return;
    }
    const { method, path, headers } = head1;
    const { maxHeaderListBytes: maxHeaderSize } = DEFAULT_LIMITS;
    const up = httpRequest({ createConnection: options.open, method, path, headers, maxHeaderSize });
    socket.once("close", () => up.destroy());
    up.on("information", (event) =>
      sendInterim({ request, response }, event.statusCode, fieldsFromRaw(event.rawHeaders, event.headers.connection)),
    );
    up.on("response", (answer) => pass(answer, response));
    up.on("upgrade", (answer, upstream: Socket, first: Buffer) => {
      const chosen = protocolsIn(answer);
      if (chosen.length === 0 || !chosen.every((name) => asked.includes(name))) {
        upstream.destroy();
        response.writeHead(502).end();
        return;
      }
      response.detachSocket(socket);
      const fields = fieldsFromRaw(answer.rawHeaders, answer.headers.connection);
      const lines = ["connection", "upgrade", "upgrade", chosen.join(", "), ...fields];
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${linesOf(lines)}\r\n`, "latin1");
      joinSockets(socket, early, upstream, first);
    });
    up.on("error", () => {
      if (response.headersSent) {
        socket.destroy();
        return;
      }
      const { head: answered, body } = options.unreachable(head, block);
      response.writeHead(Number(answered.fields[1]), answered.fields.slice(2)).end(body);
    });
    up.end();
  }

  return {
    isWanted,
    take(request, socket, early) {
      if (!(socket instanceof Socket)) {
        socket.destroy();
        return;
      }
      running.add(socket);
      socket.once("close", () => running.delete(socket));
      // Older versions of Node give us those that are not wanted, too.
      if (hasBody(request)) {
        responseOn(request, socket).writeHead(400).end();
        return;
      }
      const goOn = (isTunnel: boolean): void => {
        if (socket.destroyed) return;
        if (isTunnel) ask(request, socket, early);
        else options.ordinary(request, responseOn(request, socket));
      };
      if (isWanted(request)) void options.speaksHttp1().then(goOn);
      else goOn(false);
    },
    get size() {
      return running.size;
    },
    destroy() {
      for (const socket of running) socket.destroy();
    },
  };
}

/** The protocols that a request asks for and may have. */
function protocolsOf(request: IncomingMessage): string[] {
  return protocolsIn(request).filter((name) => !NEVER.test(name));
}

function protocolsIn({ headers }: IncomingMessage): string[] {
  const names = (headers.upgrade ?? "").split(",").map((name) => name.trim().toLowerCase());
  return names.filter((name) => /^[!#$%&'*+\-.^_`|~0-9a-z]+(\/[!#$%&'*+\-.^_`|~0-9a-z]+)?$/.test(name));
}

/** Hands an answer on that is no upgrade. */
function pass(answer: IncomingMessage, response: ServerResponse): void {
  answer.on("error", () => response.destroy());
  const fields = fieldsFromRaw(answer.rawHeaders, answer.headers.connection);
  if (sendHead(response, answer.statusCode ?? 502, fields, false)) answer.pipe(response);
  else answer.destroy();
}

function linesOf(fields: readonly string[]): string {
  return pairsOf(fields)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
}
