import type { DescService } from "@bufbuild/protobuf";

/** The methods and services that conditions can name. */
export interface ServiceCatalog {
  /** `/package.Service/Method`, sorted. */
  readonly methods: readonly string[];
  /** `package.Service`, sorted. */
  readonly services: readonly string[];
}

/** The catalog of some services. */
export function createServiceCatalog(services: readonly DescService[]): ServiceCatalog {
  return {
    methods: services.flatMap(({ typeName, methods }) => methods.map(({ name }) => `/${typeName}/${name}`)).sort(),
    services: services.map(({ typeName }) => typeName).sort(),
  };
}
