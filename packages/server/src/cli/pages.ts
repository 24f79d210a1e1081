/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Empty: it is the last one. */
  readonly nextPageToken: string;
}

const LARGEST_PAGE = 1_000;

/** Reads a list page by page, at most `limit` of it. */
export async function readPages<T>(
  limit: number,
  read: (page: { readonly pageSize: number; readonly pageToken: string }) => Promise<Page<T>>,
): Promise<readonly T[]> {
  const all: T[] = [];
  for (let pageToken = ""; all.length < limit;) {
    const page = await read({ pageSize: Math.min(LARGEST_PAGE, limit - all.length), pageToken });
    all.push(...page.items);
    pageToken = page.nextPageToken;
    if (pageToken === "") break;
  }
  return all;
}
