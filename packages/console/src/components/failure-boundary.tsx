import { Component, type ReactNode } from "react";

/** Shows, in place of a page that broke, that it broke and what can be done, so that the navigation stays usable. */
export class FailureBoundary extends Component<
  { readonly children: ReactNode },
  { readonly fault: Error | undefined }
> {
  override state: { readonly fault: Error | undefined } = { fault: undefined };

  static getDerivedStateFromError(fault: Error): { readonly fault: Error } {
    return { fault };
  }

  override render(): ReactNode {
    const { fault } = this.state;
    if (!fault) return this.props.children;
    return (
      <div className="notice bad" role="alert">
        <strong>The page broke</strong>
        <p>{fault.message} If the server was updated meanwhile, reloading mends it.</p>
        <button type="button" className="button" onClick={() => location.reload()}>
          Reload
        </button>
      </div>
    );
  }
}
