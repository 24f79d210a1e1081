import { Link, useLocation } from "wouter";

/** Views of one thing, each with an address of its own. They are links: the keyboard and the way back work as everywhere. */
export function Tabs({
  label,
  tabs,
}: {
  readonly label: string;
  readonly tabs: readonly { readonly label: string; readonly href: string }[];
}) {
  const [path] = useLocation();
  return (
    <nav aria-label={label} className="tabs">
      {tabs.map(({ label: text, href }) => (
        <Link key={href} href={href} aria-current={path === href.split("?", 1)[0] ? "page" : undefined}>
          {text}
        </Link>
      ))}
    </nav>
  );
}
