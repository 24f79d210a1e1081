/** The mark of Interpose: something that stands in between. */
export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="var(--accent)" />
      <path d="M5 16h7M20 16h7" stroke="var(--on-accent)" strokeWidth="2.6" strokeLinecap="round" />
      <path d="M16 9.5 22.5 16 16 22.5 9.5 16z" fill="var(--on-accent)" />
    </svg>
  );
}
