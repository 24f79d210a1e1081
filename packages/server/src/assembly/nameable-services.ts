import type { DescService } from "@bufbuild/protobuf";

/** Services that conditions can name, beside those of the APIs behind gateways. */
export interface NameableServices {
  /** Another list when there are more. */
  current(): readonly DescService[];
  /** Adds those that are not known yet. */
  learn(services: readonly DescService[]): void;
}

/** Begins with some services. */
export function createNameableServices(first: readonly DescService[]): NameableServices {
  let current = first;
  return {
    current: () => current,
    learn(services) {
      const known = new Set(current.map(({ typeName }) => typeName));
      const more = services.filter(({ typeName }) => !known.has(typeName));
      if (more.length > 0) current = [...current, ...more];
    },
  };
}
