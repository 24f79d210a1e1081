import { Failed } from "./failure.ts";
import type { Post } from "./post.ts";

/** Where a reply other than 2xx sends its request. Throws for one that doesn't, or not to where it is followed. `redirects`: how many were followed before. */
export function whereItRedirects(post: Post, redirects: number, maxRedirects: number): URL {
  const { url: from, status } = post;
  if (status === undefined || status < 300 || status > 399) throw new Failed("status", `answered ${status}`, status);
  if (status !== 307 && status !== 308)
    throw new Failed("redirect", `answered ${status}, which is not followed`, status);
  if (redirects >= maxRedirects) throw new Failed("redirect", `redirected more than ${maxRedirects} times`, status);
  const text = post.replyHeader("location");
  if (text === undefined || !URL.canParse(text, from.href))
    throw new Failed("redirect", `answered ${status} without a location to go to`, status);
  const to = new URL(text, from);
  if (to.protocol !== "http:" && to.protocol !== "https:")
    throw new Failed("redirect", `redirected to the scheme "${to.protocol}"`, status);
  if (from.protocol === "https:" && to.protocol === "http:")
    throw new Failed("redirect", "redirected from https to http", status);
  return to;
}
