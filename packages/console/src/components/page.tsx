import { useEffect, useRef, type ReactNode } from "react";
import { Link, useLocation } from "wouter";

/** Path of the page that was shown last. Undefined: the console has just been loaded, and the focus is where the browser puts it. */
let shownPath: string | undefined;

interface PageProps {
  /** Heading, and title of the window. */
  readonly title: string;
  /** Where it stands: pages above it, the outermost first. */
  readonly above?: readonly { readonly label: string; readonly href: string }[];
  /** Buttons and links beside the heading. */
  readonly actions?: ReactNode;
  /** One sentence that says what the page is for. */
  readonly lead?: ReactNode;
  readonly children: ReactNode;
}

/** One page: its heading gets the focus when somebody arrives by a link, so that screen readers say where one is. */
export function Page({ title, above = [], actions, lead, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const [path] = useLocation();
  useEffect(() => {
    document.title = `${title} · Interpose`;
  }, [title]);
  useEffect(() => {
    if (shownPath !== undefined && shownPath !== path) heading.current?.focus();
    shownPath = path;
  }, [path]);
  return (
    <>
      <div className="page-head">
        <div>
          {above.length > 0 && (
            <nav aria-label="Where this is" className="above">
              {above.map(({ label, href }) => (
                <Link key={href} href={href}>
                  {label}
                </Link>
              ))}
            </nav>
          )}
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead && <p className="lead">{lead}</p>}
        </div>
        {actions && <div className="actions">{actions}</div>}
      </div>
      {children}
    </>
  );
}

/** A part of a page, with a heading. */
export function Section({
  title,
  actions,
  lead,
  children,
}: {
  readonly title: string;
  readonly actions?: ReactNode;
  readonly lead?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <section className="section">
      <div className="section-head">
        <h2>{title}</h2>
        {actions && <div className="actions">{actions}</div>}
      </div>
      {lead && <p className="hint">{lead}</p>}
      {children}
    </section>
  );
}
