import { InterposeError } from "@interpose/engine";
import { contains, parseAddress, parseNetwork } from "./address.ts";

/** A set of networks. */
export interface Networks {
  /** Whether one of them holds an address, in its usual text. None holds what is no address. */
  has(address: string): boolean;
}

/** Makes a set of networks in CIDR form. A text that is none throws `settings_invalid`, naming it and its setting. */
export function createNetworks(texts: readonly string[], setting: string): Networks {
  const networks = texts.map((text) => {
    const network = parseNetwork(text.trim());
    if (network) return network;
    throw new InterposeError(
      "settings_invalid",
      `${setting}: "${text}" is not a network. Write it as a CIDR, such as 10.0.0.0/8 or ::1/128.`,
    );
  });
  return {
    has(text) {
      const address = parseAddress(text);
      return address !== undefined && networks.some((network) => contains(network, address));
    },
  };
}
