/**
 * Services on which no execution runs, whoever serves them: a target that is down must not make an orchestrator kill the API, nor hide what
 * the API is.
 */
export const NEVER_HOOKED: ReadonlySet<string> = new Set([
  "grpc.health.v1.Health",
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
]);
