export { changes, NO_DESCRIPTORS } from "./descriptors.ts";
export type { Descriptors, MethodChanges } from "./descriptors.ts";
export { describeSource, loadDescriptors } from "./load.ts";
export type { DescriptorSource, LoadOptions, PathSource } from "./load.ts";
export { DEFAULT_LIMITS } from "./limits.ts";
export type { DescriptorLimits } from "./limits.ts";
export type { ReflectionSource } from "./reflection-stream.ts";
export { watchDescriptors } from "./watch.ts";
export type { DescriptorWatch, DescriptorsChange, WatchOptions } from "./watch.ts";
