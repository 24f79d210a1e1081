/** What a target is told about a call beside its messages. Empty values are left out of the payload. */
export interface Envelope {
  /** `/package.Service/Method` */
  readonly fullMethod: string;
  readonly instanceId: string;
  readonly orgId?: string | undefined;
  readonly projectId?: string | undefined;
  readonly userId?: string | undefined;
  /** Headers of the call that targets of the dialect v2 are shown. */
  readonly headers?: Readonly<Record<string, readonly string[]>> | undefined;
}
