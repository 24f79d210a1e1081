/** Says that something is on its way. It shows only after a moment, so that what comes at once does not flicker. */
export function Loading({ what }: { readonly what: string }) {
  return (
    <p className="loading" role="status">
      Loading {what} …
    </p>
  );
}
