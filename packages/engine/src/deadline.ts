/**
 * Why a run's signal is aborted whose time is over: its caller's deadline, or the limit of the host. Any other reason means that the caller
 * of the API went away. The text says which time it was, for records.
 */
export class DeadlinePassed extends Error {
  override readonly name = "DeadlinePassed";
}
