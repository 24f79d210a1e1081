import { isIP, type Socket } from "node:net";
import type { LookupAddress } from "node:dns";
import { createSecureContext, type SecureContext } from "node:tls";
import { buildConnector } from "undici";
import type { ClientCertificate } from "./credentials.ts";
import type { EgressRules, Verdict } from "./egress/rules.ts";
import { EgressDenied, Failed, NameNotResolved } from "./failure.ts";

/** What a checked connector needs. */
export interface ConnectOptions {
  readonly rules: EgressRules;
  readonly resolve: (host: string) => Promise<readonly LookupAddress[]>;
  /** Connects to an address, with TLS where that is wanted. */
  readonly connect: buildConnector.connector;
}

/** Longest time of one look-up, and of one try to connect. A call has its own limit; this one ends what nobody waits for any more. */
const CONNECT_TIMEOUT_MS = 30_000;
/** So many of a name's addresses are looked at, and so many of those that may be called are tried. */
const MOST_ADDRESSES = 100;
const MOST_TRIED = 8;
/** So many refused addresses are told of. */
const MOST_TOLD = 3;

/**
 * A connector that connects to what it is told to. `ca`: authorities that are trusted, as PEM, in place of Node's. The certificate is shown to servers that ask who connects; throws
 * a failure `tls` for one that cannot be used.
 */
export function createConnector(
  ca: string | undefined,
  clientCertificate?: ClientCertificate,
): buildConnector.connector {
  return buildConnector({
    ...(clientCertificate ? { secureContext: contextOf(clientCertificate, ca) } : ca !== undefined && { ca }),
    timeout: CONNECT_TIMEOUT_MS,
  });
}

/**
 * A connector for undici that connects only to addresses that the rules allow. It resolves the name itself, checks each address, and hands
 * undici an address rather than the name, so that a second look-up with another answer (DNS rebinding) cannot happen; in the end it compares
 * where the socket really leads. Connections that are kept were checked when they were made, and lead where they led then.
 */
export function createCheckedConnector({ rules, resolve, connect }: ConnectOptions): buildConnector.connector {
  return (options, callback) => {
    const { host, name } = hostOf(options.hostname);
    const check = (address: string): Verdict => rules.check(address, name);
    checkedAddresses(host, check, resolve).then(
      (addresses) =>
        connectToOne(
          addresses,
          { ...options, ...(name !== undefined && { servername: name }) },
          connect,
          check,
          callback,
        ),
      (error: Error) => callback(error, null),
    );
  };
}

/** The addresses of a URL's host that may be called. Throws `EgressDenied` where none may, which says why, and `NameNotResolved`. */
export function allowedAddresses(
  hostname: string,
  rules: EgressRules,
  resolve: ConnectOptions["resolve"],
): Promise<readonly string[]> {
  const { host, name } = hostOf(hostname);
  return checkedAddresses(host, (address) => rules.check(address, name), resolve);
}

/** A URL's host without the brackets of IPv6, and, unless it is an address, as the name that it is. */
function hostOf(hostname: string): { readonly host: string; readonly name: string | undefined } {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  return { host, name: isIP(host) === 0 ? host : undefined };
}

function contextOf({ certificate, privateKey }: ClientCertificate, ca: string | undefined): SecureContext {
  try {
    // Node takes an empty text for none.
    if (certificate === "" || privateKey === "") throw new Error("there is none");
    return createSecureContext({ cert: certificate, key: privateKey, ...(ca !== undefined && { ca }) });
  } catch {
    // What Node says of it may quote it.
    const what = "the client certificate cannot be used, or its private key cannot, or belongs to another one";
    throw new Failed("tls", what);
  }
}

type Check = (address: string) => Verdict;

async function checkedAddresses(
  host: string,
  check: Check,
  resolve: ConnectOptions["resolve"],
): Promise<readonly string[]> {
  const found = isIP(host) === 0 ? await addressesOf(host, resolve) : [host];
  const allowed: string[] = [];
  const refusals: string[] = [];
  for (const address of found.slice(0, MOST_ADDRESSES)) {
    const verdict = check(address);
    if (verdict.allowed) allowed.push(address);
    else refusals.push(`${address}: ${verdict.because}`);
  }
  if (allowed.length > 0) return allowed.slice(0, MOST_TRIED);
  const untold = found.length - MOST_TOLD;
  const told = refusals.slice(0, MOST_TOLD).join("; ");
  throw new EgressDenied(untold > 0 ? `${told}; and ${untold} more addresses` : told);
}

async function addressesOf(host: string, resolve: ConnectOptions["resolve"]): Promise<readonly string[]> {
  let found: readonly LookupAddress[];
  try {
    found = await inTime(resolve(host));
  } catch (error) {
    throw new NameNotResolved(`${host} did not resolve`, { cause: error });
  }
  if (found.length === 0) throw new NameNotResolved(`${host} has no address`);
  return found.map(({ address }) => address);
}

/** What is promised, if it comes within the time for connecting. */
async function inTime<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("the look-up took too long")), CONNECT_TIMEOUT_MS).unref();
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Tries the addresses one after another, as long as they cannot be connected to. */
function connectToOne(
  [address, ...others]: readonly string[],
  options: buildConnector.Options,
  connect: buildConnector.connector,
  check: Check,
  callback: buildConnector.Callback,
): void {
  if (address === undefined) throw new Error("there is no address to connect to");
  connect({ ...options, hostname: address }, (error, socket) => {
    if (error) {
      if (others.length > 0) connectToOne(others, options, connect, check, callback);
      else callback(error, null);
      return;
    }
    const refused = verdictOfPeer(socket, check);
    if (refused === undefined) {
      callback(null, socket);
      return;
    }
    socket.destroy();
    callback(new EgressDenied(refused), null);
  });
}

/** Why the other end of a socket may not be talked to; undefined when it may. */
function verdictOfPeer(socket: Socket, check: Check): string | undefined {
  const verdict = check(socket.remoteAddress ?? "");
  return verdict.allowed ? undefined : `connected to ${socket.remoteAddress}: ${verdict.because}`;
}
