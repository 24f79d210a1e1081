/** Where a connection of a client comes from. */
export interface Origin {
  /** IP address of the other end. */
  readonly address: string;
  readonly scheme: "http" | "https";
}
