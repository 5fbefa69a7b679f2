/** Pages that turn by themselves: on a wall nobody can scroll. */

import { useEffect, useState } from "preact/hooks";

const PAGE_STANDS = 12_000;

/** Return which of `pages` is shown now, from 0. */
export function usePage(pages: number): number {
  const [page, setPage] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setPage((now) => now + 1), PAGE_STANDS);
    return () => clearInterval(timer);
  }, []);
  return page % pages;
}
