/** How something stands. */
export type Tone = "good" | "warn" | "bad" | "info" | "plain";

/** What each tone shows beside its colour, which not everybody sees. */
const SIGNS: Readonly<Record<Tone, string>> = { good: "●", warn: "▲", bad: "■", info: "◆", plain: "○" };

/** How something stands, in a word, with a sign of its own for each tone. */
export function Badge({ tone, children }: { readonly tone: Tone; readonly children: string }) {
  return (
    <span className={`badge ${tone}`}>
      <span aria-hidden="true">{SIGNS[tone]}</span> {children}
    </span>
  );
}
