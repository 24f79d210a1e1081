import type { DescService } from "@bufbuild/protobuf";
import type { InterposeError } from "@interpose/engine";
import { createServiceCatalog, type ServiceCatalog } from "@interpose/protocol";
import type { ServiceHost } from "../service-host.ts";
import type { CallerSettings } from "../caller-identity.ts";
import type { RunPlan } from "../run-plan.ts";
import { watchDescriptors, type Descriptors, type DescriptorSource, type MethodChanges } from "./descriptors/index.ts";
import type { Spoken } from "./protocols/index.ts";
import { readAuthorities, readTlsFiles, type TlsFiles } from "../../listener/tls-files.ts";
import { startGateway, type Gateway, type GatewayOptions } from "./index.ts";
import type { UpstreamOptions } from "./upstream/upstream.ts";

/** One gateway, as the settings have it. */
export interface GatewaySettings {
  readonly name: string;
  /** A port, or an address with one. */
  readonly listen: string;
  readonly upstream: string;
  readonly http: UpstreamOptions["http"];
  /** A file with certificates of authorities, as PEM. */
  readonly upstreamCa?: string | undefined;
  readonly tls?: TlsFiles | undefined;
  /** `reflection`, or the path of a file or folder. */
  readonly descriptors: string;
  /** Protocols that the upstream understands. */
  readonly speaks: readonly Spoken[];
  /** Whether the API is described at `/openapi.json`. */
  readonly openapi: boolean;
  /** Pages that may call in another one. */
  readonly cors: { readonly allowedOrigins: readonly string[] };
  readonly callers?: CallerSettings | undefined;
  readonly shownHeaders: readonly string[];
}

/** What all gateways share. */
export interface GatewaysOptions extends Pick<
  GatewayOptions,
  "snapshot" | "instanceId" | "maxMessageBytes" | "maxHeldBytes"
> {
  /** Carries out what comes by a gateway. */
  readonly runOf: (gateway: string) => RunPlan;
  readonly settings: readonly GatewaySettings[];
  /** Services of the own API and of this process, which conditions can name too. */
  readonly ownServices: () => readonly DescService[];
  /** The methods of an API are others than before. */
  readonly onChange: (gateway: string, methods: MethodChanges) => void;
  /** A caller's token proves nobody. */
  readonly onTokenRefused: (gateway: string, reason: string) => void;
  /** A fault of ours, that ended a connection. */
  readonly onFault: (gateway: string, error: unknown) => void;
  /** An API could not be described. What was known of it stays. */
  readonly onFailure: (gateway: string, error: InterposeError) => void;
}

/** The gateways of a server. */
export interface Gateways {
  /** What conditions can name at this moment. */
  catalog(): ServiceCatalog;
  /** What is known of the APIs behind the gateways at this moment. */
  hosts(): readonly ServiceHost[];
  readonly listening: readonly { readonly name: string; readonly url: string; readonly upstream: string }[];
  drain(timeoutMs: number): Promise<void>;
  /** Stops asking for descriptors. */
  stop(): Promise<void>;
}

/** Starts all gateways. An API that is away, or cannot be described, keeps none from starting: its calls pass, or are answered, and none of them is hooked until it can be. */
export async function startGateways(options: GatewaysOptions): Promise<Gateways> {
  const { settings, runOf, ownServices, onChange, onFailure, onFault, onTokenRefused } = options;
  const watches: Awaited<ReturnType<typeof watchDescriptors>>[] = [];
  const running: {
    readonly name: string;
    readonly descriptors: () => Descriptors;
    readonly gateway: Gateway;
    readonly upstream: string;
    readonly scheme: string;
  }[] = [];
  const stop = async (): Promise<void> => void (await Promise.all(watches.map((watch) => watch.stop())));
  const drain = async (timeoutMs: number): Promise<void> =>
    void (await Promise.all(running.map(({ gateway }) => gateway.drain(timeoutMs))));
  try {
    for (const given of settings) {
      const { name, listen, upstream, descriptors, http, upstreamCa, tls, speaks, openapi, cors } = given;
      const setting = (key: string): string => `gateway ${name}: ${key}`;
      const pair = tls && (await readTlsFiles(tls, setting("tls")));
      const ca = upstreamCa === undefined ? undefined : await readAuthorities(setting("upstreamCa"), upstreamCa);
      const watch = await watchDescriptors(descriptorSourceOf(descriptors, upstream, ca), {
        onChange: ({ methods }) => onChange(name, methods),
        onFailure: (error) => onFailure(name, error),
        mayBeginEmpty: true,
      });
      watches.push(watch);
      const gateway = await startGateway({
        ...options,
        run: runOf(name),
        listen: addressOf(listen),
        tls: pair,
        upstream: { url: new URL(upstream), http, ca },
        descriptors: () => watch.current(),
        speaks: new Set(speaks),
        openApi: openapi,
        corsAllowedOrigins: cors.allowedOrigins,
        callers: given.callers,
        shownHeaders: given.shownHeaders,
        onTokenRefused: (reason) => onTokenRefused(name, reason),
        onFault: (error) => onFault(name, error),
      });
      running.push({ name, descriptors: watch.current, gateway, upstream, scheme: pair ? "https" : "http" });
    }
  } catch (error) {
    await Promise.all([drain(0), stop()]);
    throw error;
  }
  return {
    catalog: catalogOf(ownServices, watches),
    hosts: () =>
      running.map(({ name, descriptors }) => ({ name: `gateway/${name}`, services: descriptors().services })),
    listening: running.map(({ name, gateway, upstream, scheme }) => ({
      name,
      upstream,
      url: urlOf(scheme, gateway.address),
    })),
    drain,
    stop,
  };
}

/** All gateways of the settings: the one of the flags has no name of its own. */
export function gatewaysOf({
  gateway,
  gateways,
}: {
  readonly gateway?: Omit<GatewaySettings, "name"> | undefined;
  readonly gateways: readonly GatewaySettings[];
}): readonly GatewaySettings[] {
  return [...(gateway ? [{ name: "gateway", ...gateway }] : []), ...gateways];
}

/** Where the settings of a gateway say that its API is described. `ca`: authorities that its upstream is trusted by, as PEM. */
export function descriptorSourceOf(descriptors: string, upstream: string, ca: string | undefined): DescriptorSource {
  if (descriptors !== "reflection") return { kind: "path", path: descriptors };
  return { kind: "reflection", url: upstream, ...(ca !== undefined && { tls: { ca } }) };
}

/** The catalog, made anew when there are other services. */
function catalogOf(
  ownServices: () => readonly DescService[],
  watches: readonly { current(): Descriptors }[],
): () => ServiceCatalog {
  let of: readonly (readonly DescService[])[] = [];
  let catalog = createServiceCatalog([]);
  return () => {
    const now = [ownServices(), ...watches.map((watch) => watch.current().services)];
    if (now.length !== of.length || now.some((services, i) => services !== of[i])) {
      of = now;
      catalog = createServiceCatalog(now.flat());
    }
    return catalog;
  };
}

function addressOf(listen: string): { readonly host: string; readonly port: number } {
  const colon = listen.lastIndexOf(":");
  const host = colon < 0 ? "127.0.0.1" : listen.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  return { host, port: Number(listen.slice(colon + 1)) };
}

function urlOf(scheme: string, { address, port, family }: Gateway["address"]): string {
  return `${scheme}://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}
