import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { DescriptorProblem } from "../problem.ts";

/**
 * Files in an order in which each stands behind what it imports. What is not among them comes from `known`, with what that imports; what is not known either is
 * told to `onMissing`, and left out. An import that closes a circle is told to `onCircle`, and left out too; without `onCircle`, it throws DescriptorProblem.
 */
export function inImportOrder(
  files: readonly FileDescriptorProto[],
  known: (name: string) => FileDescriptorProto | undefined,
  onMissing: (importer: string, missing: string) => void,
  onCircle: (importer: string, imported: string, circle: DescriptorProblem) => void = (
    _importer,
    _imported,
    circle,
  ) => {
    throw circle;
  },
): readonly FileDescriptorProto[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  const ordered: FileDescriptorProto[] = [];
  const state = new Map<string, "open" | "done">();
  for (const file of files) visit(file);
  return ordered;

  /** A loop with a stack of its own: a chain of imports may be longer than the call stack is deep. */
  function visit(first: FileDescriptorProto): void {
    if (state.has(first.name)) return;
    const stack = [{ file: first, next: 0 }];
    state.set(first.name, "open");
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const { dependency, optionDependency } = top.file;
      const i = top.next++;
      const name = dependency[i] ?? optionDependency[i - dependency.length];
      if (name === undefined) {
        state.set(top.file.name, "done");
        ordered.push(top.file);
        stack.pop();
        continue;
      }
      if (state.get(name) === "done") continue;
      if (state.get(name) === "open") {
        const circle = stack.slice(stack.findIndex(({ file }) => file.name === name)).map(({ file }) => file.name);
        const text = `files import each other in a circle: ${[...circle, name].join(" → ")}`;
        onCircle(top.file.name, name, new DescriptorProblem(text));
        continue;
      }
      const file = byName.get(name) ?? known(name);
      if (!file) {
        // What is imported for options only may be missing (edition 2024): descriptors have their options encoded already.
        if (top.file.dependency.includes(name)) onMissing(top.file.name, name);
        continue;
      }
      state.set(name, "open");
      stack.push({ file, next: 0 });
    }
  }
}
