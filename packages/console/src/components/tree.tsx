import { useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { rowByTyping, treeRows, treeStep, type TreeNode, type TreeRow } from "./tree-rows.ts";

interface TreeProps<Data> {
  /** What the tree lists; screen readers say it. */
  readonly label: string;
  readonly nodes: readonly TreeNode<Data>[];
  /** Whether a node is open as long as nobody said otherwise. */
  readonly isOpenAtFirst: (node: TreeNode<Data>) => boolean;
  readonly selectedId: string | undefined;
  readonly onSelect: (id: string) => void;
  /** What stands in a row, beside the sign that opens it. */
  readonly render: (node: TreeNode<Data>) => ReactNode;
}

/** For so long, in milliseconds, letters that are typed belong to one word. */
const TYPING_MS = 700;

/**
 * A tree by the pattern of WAI-ARIA: the arrows, Home and End go through it, right and left open and close, * opens all siblings, letters find, and Enter or
 * Space selects. Rows stand flat in the document; their levels are said.
 */
export function Tree<Data>({ label, nodes, isOpenAtFirst, selectedId, onSelect, render }: TreeProps<Data>) {
  const box = useRef<HTMLDivElement>(null);
  const typed = useRef({ text: "", at: 0 });
  // What was opened and closed by hand.
  const [opened, setOpened] = useState<ReadonlyMap<string, boolean>>(new Map());
  const [activeId, setActiveId] = useState<string>();
  const rows = treeRows(nodes, (node) => opened.get(node.id) ?? isOpenAtFirst(node));
  const place = (id: string | undefined): number => rows.findIndex(({ node }) => node.id === id);
  // The one row that the key Tab comes to: where one was, what is selected, or the first.
  const active = Math.max(0, place(activeId) >= 0 ? place(activeId) : place(selectedId));

  const open = (ids: readonly string[], isOpen: boolean): void =>
    setOpened((before) => new Map([...before, ...ids.map((id) => [id, isOpen] as const)]));
  const go = (id: string): void => {
    setActiveId(id);
    box.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`)?.focus();
  };
  const onKey = (event: KeyboardEvent, row: TreeRow<Data>, at: number): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = treeStep(rows, at, event.key);
    if (step) typed.current = { text: "", at: 0 };
    if (step?.kind === "go") go(step.id);
    else if (step) open(step.ids, step.kind === "open");
    else if (event.key === "Enter" || event.key === " ") onSelect(row.node.id);
    else if (event.key.length === 1) {
      const { text, at: before } = typed.current;
      typed.current = {
        text: event.timeStamp - before < TYPING_MS ? text + event.key : event.key,
        at: event.timeStamp,
      };
      const found = rowByTyping(rows, at, typed.current.text);
      if (found) go(found.node.id);
    } else return;
    event.preventDefault();
  };
  return (
    <div ref={box} role="tree" aria-label={label} className="tree">
      {rows.map((row, at) => (
        <div
          key={row.node.id}
          data-id={row.node.id}
          role="treeitem"
          aria-level={row.level}
          aria-setsize={row.siblingCount}
          aria-posinset={row.place}
          aria-expanded={row.isOpen}
          aria-selected={row.node.id === selectedId}
          tabIndex={at === active ? 0 : -1}
          className={`tree-row level-${Math.min(row.level, 6)}`}
          onFocus={() => setActiveId(row.node.id)}
          onKeyDown={(event) => onKey(event, row, at)}
          onClick={() => onSelect(row.node.id)}
        >
          <span
            className="tree-sign"
            aria-hidden="true"
            onClick={(event) => {
              if (row.isOpen === undefined) return;
              event.stopPropagation();
              open([row.node.id], !row.isOpen);
            }}
          >
            {row.isOpen === undefined ? "" : row.isOpen ? "▾" : "▸"}
          </span>
          {render(row.node)}
        </div>
      ))}
    </div>
  );
}
