import type { DescMethod, DescService } from "@bufbuild/protobuf";

/** The methods and services that conditions can name. */
export interface ServiceCatalog {
  /** `/package.Service/Method`, sorted. */
  readonly methods: readonly string[];
  /** `package.Service`, sorted. */
  readonly services: readonly string[];
  /** The methods of a full name. Several APIs may have one of the same name. */
  methodsNamed(method: string): readonly DescMethod[];
}

/** The catalog of some services. What several of them have is named once. */
export function createServiceCatalog(services: readonly DescService[]): ServiceCatalog {
  const methods = services.flatMap(({ typeName, methods: own }) => own.map(({ name }) => `/${typeName}/${name}`));
  return {
    methodsNamed: (method) =>
      services.flatMap(({ typeName, methods: own }) => own.filter(({ name }) => `/${typeName}/${name}` === method)),
    methods: [...new Set(methods)].sort(),
    services: [...new Set(services.map(({ typeName }) => typeName))].sort(),
  };
}
