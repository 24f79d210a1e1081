import type { ComponentType } from "react";

/** What every folder of `pages/` exports from its index.tsx: the routes of the page and of what is below it, with whole paths such as /targets/:id. */
export interface PageModule {
  readonly Routes: ComponentType;
}

/** A page of the navigation. */
export interface PageEntry {
  /** First segment of its paths, and folder below `pages/`. */
  readonly name: string;
  readonly label: string;
  readonly load: () => Promise<PageModule>;
}

/** Pages under a heading of the navigation. */
export interface PageGroup {
  readonly heading: string;
  readonly pages: readonly PageEntry[];
}

/** The order of the navigation. A page shows once there is a folder for it. */
const ORDER = [
  { heading: "Watch", pages: { overview: "Overview", runs: "Runs", deliveries: "Deliveries", events: "Events" } },
  { heading: "Hook", pages: { targets: "Targets", executions: "Executions", functions: "Functions" } },
  { heading: "Ask", pages: { explain: "Explain", try: "Try" } },
  { heading: "Manage", pages: { access: "Access", settings: "Settings" } },
] as const;

/** A loader for each folder; each becomes a file of its own, which is fetched when it is first shown. */
const LOADERS = import.meta.glob<PageModule>("./pages/*/index.tsx");

/** The pages, as the navigation has them. */
export const PAGE_GROUPS: readonly PageGroup[] = ORDER.map(({ heading, pages }) => ({
  heading,
  pages: Object.entries(pages).flatMap(([name, label]) => {
    const load = LOADERS[`./pages/${name}/index.tsx`];
    return load ? [{ name, label, load }] : [];
  }),
})).filter(({ pages }) => pages.length > 0);
