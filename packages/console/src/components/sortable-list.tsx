import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { moved, placeAt } from "./reorder.ts";

interface SortableListProps<Item> {
  /** What is listed; screen readers say it. */
  readonly label: string;
  readonly items: readonly Item[];
  readonly keyOf: (item: Item) => string;
  /** What an item is called. */
  readonly nameOf: (item: Item) => string;
  readonly render: (item: Item, at: number) => ReactNode;
  /** Told the places, from 0, once an item was dropped at another one. */
  readonly onMove: (from: number, to: number) => void;
}

/** An item that is held, where it came from, and where it would be dropped. */
interface Held {
  readonly by: "keyboard" | "pointer";
  readonly from: number;
  readonly to: number;
}

/**
 * A list whose order can be changed: by dragging the handle of an item, by its two buttons, or by keyboard: Space on the handle takes it up, the arrows, Home
 * and End move it, Space or Enter drops it, Escape puts it back. A live region tells of each step.
 */
export function SortableList<Item>({ label, items, keyOf, nameOf, render, onMove }: SortableListProps<Item>) {
  const list = useRef<HTMLOListElement>(null);
  const [held, setHeld] = useState<Held>();
  const [told, setTold] = useState("");
  const helpId = useId();
  const shown = held ? moved(items, held.from, held.to) : items;
  const last = items.length - 1;
  const name = (at: number): string => {
    const item = items[at];
    return item === undefined ? "" : nameOf(item);
  };
  const place = (at: number): string => `place ${at + 1} of ${items.length}`;

  const takeUp = (by: Held["by"], from: number): void => {
    setHeld({ by, from, to: from });
    setTold(`${name(from)} is taken up, at ${place(from)}. Arrows move it, Space drops it, Escape puts it back.`);
  };
  const carry = ({ by, from }: Held, to: number): void => {
    setHeld({ by, from, to });
    setTold(`${name(from)} is at ${place(to)}.`);
  };
  const drop = ({ from, to }: Held): void => {
    setHeld(undefined);
    setTold(`${name(from)} is dropped at ${place(to)}.`);
    if (from !== to) onMove(from, to);
  };
  const putBack = ({ from }: Held): void => {
    setHeld(undefined);
    setTold(`${name(from)} is back at ${place(from)}.`);
  };
  const step = (from: number, to: number): void => {
    setTold(`${name(from)} is at ${place(to)}.`);
    onMove(from, to);
  };
  const onKey = (event: KeyboardEvent, at: number): void => {
    if (!held) {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      takeUp("keyboard", at);
      return;
    }
    const to = targetOf(event.key, held.to, last);
    if (to !== undefined) carry(held, to);
    else if (event.key === " " || event.key === "Enter") drop(held);
    else if (event.key === "Escape") putBack(held);
    else return;
    event.preventDefault();
  };
  usePointer(held, list, { carry, drop, putBack });

  return (
    <>
      <p className="only-read" id={helpId}>
        Space takes it up, the arrow keys move it, Space drops it, Escape puts it back.
      </p>
      <ol ref={list} className="sortable" aria-label={label}>
        {shown.map((item, at) => {
          const isHeld = held?.to === at;
          return (
            <li key={keyOf(item)} className={isHeld ? "held" : undefined}>
              <button
                type="button"
                className="handle"
                aria-label={`Move ${nameOf(item)}`}
                aria-describedby={helpId}
                aria-pressed={isHeld}
                onKeyDown={(event) => onKey(event, at)}
                onBlur={() => held?.by === "keyboard" && isHeld && putBack(held)}
                onPointerDown={(event) => {
                  if (event.button !== 0) return;
                  event.preventDefault();
                  event.currentTarget.focus();
                  takeUp("pointer", at);
                }}
              >
                <span aria-hidden="true">⠿</span>
              </button>
              <span className="place" aria-hidden="true">
                {at + 1}
              </span>
              <div className="sortable-item">{render(item, held ? items.indexOf(item) : at)}</div>
              <span className="steps">
                <button
                  type="button"
                  className="button small"
                  aria-label={`Move ${nameOf(item)} up`}
                  aria-disabled={at === 0}
                  onClick={() => at > 0 && step(at, at - 1)}
                >
                  ↑
                </button>
                <button
                  type="button"
                  className="button small"
                  aria-label={`Move ${nameOf(item)} down`}
                  aria-disabled={at === last}
                  onClick={() => at < last && step(at, at + 1)}
                >
                  ↓
                </button>
              </span>
            </li>
          );
        })}
      </ol>
      <p className="only-read" role="status" aria-live="assertive">
        {told}
      </p>
    </>
  );
}

function targetOf(key: string, at: number, last: number): number | undefined {
  switch (key) {
    case "ArrowUp":
      return Math.max(0, at - 1);
    case "ArrowDown":
      return Math.min(last, at + 1);
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return undefined;
  }
}

/** Follows the pointer while it holds an item, wherever it goes: the item's own element moves away under it. */
function usePointer(
  held: Held | undefined,
  list: { readonly current: HTMLOListElement | null },
  {
    carry,
    drop,
    putBack,
  }: {
    readonly carry: (held: Held, to: number) => void;
    readonly drop: (held: Held) => void;
    readonly putBack: (held: Held) => void;
  },
): void {
  useEffect(() => {
    if (held?.by !== "pointer") return;
    const onMove = (event: PointerEvent): void => {
      const others = [...(list.current?.children ?? [])].filter((_, at) => at !== held.to);
      const to = placeAt(
        event.clientY,
        others.map((element) => element.getBoundingClientRect()).map(({ top, height }) => top + height / 2),
      );
      if (to !== held.to) carry(held, to);
    };
    const onEnd = (): void => drop(held);
    const onCancel = (): void => putBack(held);
    const onKey = (event: globalThis.KeyboardEvent): void => {
      if (event.key === "Escape") putBack(held);
    };
    addEventListener("pointermove", onMove);
    addEventListener("pointerup", onEnd);
    addEventListener("pointercancel", onCancel);
    addEventListener("keydown", onKey);
    return () => {
      removeEventListener("pointermove", onMove);
      removeEventListener("pointerup", onEnd);
      removeEventListener("pointercancel", onCancel);
      removeEventListener("keydown", onKey);
    };
  });
}
