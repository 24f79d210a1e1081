import { useEffect, useRef, useState, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { setBypassing, useBypassing } from "../api/bypass.ts";
import { Notice } from "../components/notice.tsx";
import { PAGE_GROUPS } from "../pages.ts";
import { endSession } from "../sign-in/session.ts";
import { Logo } from "./logo.tsx";
import { useTheme } from "./theme.ts";

/** What stands around each page: navigation, theme, signing out. On narrow screens the navigation is folded behind a button. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const [path] = useLocation();
  // Open where it was opened: to go to another page folds it.
  const [openAt, setOpenAt] = useState<string>();
  const isOpen = openAt === path;
  const [theme, nextTheme] = useTheme();
  const isBypassing = useBypassing();
  const menuButton = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!isOpen) return;
    const close = ({ key }: KeyboardEvent): void => {
      if (key !== "Escape") return;
      setOpenAt(undefined);
      menuButton.current?.focus();
    };
    addEventListener("keydown", close);
    return () => removeEventListener("keydown", close);
  }, [isOpen]);
  return (
    <div className="shell">
      <a className="skip" href="#main" onClick={focusMain}>
        Skip to the page
      </a>
      <header className={`side${isOpen ? " open" : ""}`}>
        <div className="side-top">
          <Link href="/" className="brand">
            <Logo /> Interpose
          </Link>
          <button
            ref={menuButton}
            type="button"
            className="button quiet menu-button"
            aria-expanded={isOpen}
            aria-controls="navigation"
            onClick={() => setOpenAt(isOpen ? undefined : path)}
          >
            Menu
          </button>
        </div>
        <div className="side-rest" id="navigation">
          <nav aria-label="Pages">
            {PAGE_GROUPS.map(({ heading, pages }) => (
              <div key={heading} className="nav-group">
                <h2>{heading}</h2>
                <ul>
                  {pages.map(({ name, label }) => (
                    <li key={name}>
                      <Link href={`/${name}`} aria-current={isBelow(path, `/${name}`) ? "page" : undefined}>
                        {label}
                      </Link>
                    </li>
                  ))}
                </ul>
              </div>
            ))}
          </nav>
          <div className="side-end">
            <button type="button" className="button quiet" onClick={nextTheme}>
              Theme: {theme}
            </button>
            <button type="button" className="button quiet" onClick={() => endSession("signed out")}>
              Sign out
            </button>
          </div>
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {isBypassing && (
          <Notice tone="warn" title="Calls of this console go past executions">
            <p>
              What is set on the server’s own API is not run for them, until the page is loaded anew.{" "}
              <button type="button" className="button" onClick={() => setBypassing(false)}>
                Run executions again
              </button>
            </p>
          </Notice>
        )}
        {children}
      </main>
    </div>
  );
}

function isBelow(path: string, page: string): boolean {
  return path === page || path.startsWith(`${page}/`);
}

/** A link to #main would change the address, which is the router's. */
function focusMain(event: { preventDefault(): void }): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}
