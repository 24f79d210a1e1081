export function flagsFor(args: readonly string[]): readonly string[];
export function withOneHeap<E extends object>(env: E): E & { readonly MALLOC_ARENA_MAX: string };
export function runWithFlags(program: string, args: readonly string[], flags: readonly string[]): Promise<void>;
