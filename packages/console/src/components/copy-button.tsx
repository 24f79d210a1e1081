import { useToast } from "./toast.tsx";

/** Copies a text, and says so. `what`: what the text is, such as "the token". */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const toast = useToast();
  const copy = (): void => {
    // Browsers give the clipboard to pages of https and of this machine alone.
    if (!isSecureContext) {
      toast({ text: "This browser lets pages copy over https alone. Mark the text, and copy it yourself." });
      return;
    }
    navigator.clipboard.writeText(text).then(
      () => toast({ text: `Copied ${what}.` }),
      () => toast({ text: `The browser does not let ${what} be copied. Mark the text, and copy it yourself.` }),
    );
  };
  return (
    <button type="button" className="button small" onClick={copy} aria-label={`Copy ${what}`}>
      Copy
    </button>
  );
}
