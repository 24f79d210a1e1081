import type { DescService } from "@bufbuild/protobuf";

/** Where services are served that conditions can name. */
export interface ServiceHost {
  /** `api` for the own API, `embedded` for the process that Interpose is embedded in, `gateway/NAME`. */
  readonly name: string;
  /** Another list when there are others. */
  readonly services: readonly DescService[];
}
