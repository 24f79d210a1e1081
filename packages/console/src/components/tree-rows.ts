/** A node of a tree. */
export interface TreeNode<Data> {
  readonly id: string;
  /** What it is called, by which typing finds it. */
  readonly label: string;
  readonly data: Data;
  readonly children: readonly TreeNode<Data>[];
}

/** A node that is shown: all that are above it are open. */
export interface TreeRow<Data> {
  readonly node: TreeNode<Data>;
  /** From 1. */
  readonly level: number;
  /** Its place among its siblings, from 1, and how many these are. */
  readonly place: number;
  readonly siblingCount: number;
  readonly parentId: string | undefined;
  /** Undefined: there is nothing below it. */
  readonly isOpen: boolean | undefined;
}

/** The nodes that are shown, from top to bottom. */
export function treeRows<Data>(
  nodes: readonly TreeNode<Data>[],
  isOpen: (node: TreeNode<Data>) => boolean,
  level = 1,
  parentId?: string,
): readonly TreeRow<Data>[] {
  return nodes.flatMap((node, at) => {
    const open = node.children.length > 0 ? isOpen(node) : undefined;
    const row = { node, level, place: at + 1, siblingCount: nodes.length, parentId, isOpen: open };
    return [row, ...(open === true ? treeRows(node.children, isOpen, level + 1, node.id) : [])];
  });
}

/** What a key does in a tree: goes to a node, opens or closes one. https://www.w3.org/WAI/ARIA/apg/patterns/treeview/ */
export type TreeStep =
  { readonly kind: "go"; readonly id: string } | { readonly kind: "open" | "close"; readonly ids: readonly string[] };

/** What a key does at a row. Undefined: nothing. */
export function treeStep<Data>(rows: readonly TreeRow<Data>[], at: number, key: string): TreeStep | undefined {
  const row = rows[at];
  if (!row) return undefined;
  const go = (to: TreeRow<Data> | undefined): TreeStep | undefined => to && { kind: "go", id: to.node.id };
  switch (key) {
    case "ArrowDown":
      return go(rows[at + 1]);
    case "ArrowUp":
      return go(rows[at - 1]);
    case "Home":
      return go(rows[0]);
    case "End":
      return go(rows.at(-1));
    case "ArrowRight":
      if (row.isOpen === false) return { kind: "open", ids: [row.node.id] };
      return row.isOpen === true ? go(rows[at + 1]) : undefined;
    case "ArrowLeft":
      if (row.isOpen === true) return { kind: "close", ids: [row.node.id] };
      return go(rows.find(({ node }) => node.id === row.parentId));
    case "*":
      return {
        kind: "open",
        ids: rows.flatMap(({ node, parentId, isOpen }) =>
          parentId === row.parentId && isOpen === false ? [node.id] : [],
        ),
      };
    default:
      return undefined;
  }
}

/** The next row, round and round, whose label begins with what was typed. One letter goes on from the row where one is; more of them may stay there. */
export function rowByTyping<Data>(
  rows: readonly TreeRow<Data>[],
  at: number,
  typed: string,
): TreeRow<Data> | undefined {
  const first = typed.length > 1 ? at : at + 1;
  return [...rows.slice(first), ...rows.slice(0, first)].find(({ node }) =>
    node.label.toLowerCase().startsWith(typed.toLowerCase()),
  );
}
