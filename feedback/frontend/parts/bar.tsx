/** What floats at the foot of the screen once the box has scrolled away: what is new, and the way back to writing. */

import { useEffect, useState } from "preact/hooks";
import type { Model } from "../lib/model.ts";
import { t } from "../lib/words.ts";
import { Icon } from "./icon.tsx";
import type { Sorter } from "../lib/sorter.ts";
import { News } from "./list.tsx";
import { Invitation } from "./sort.tsx";

export function Bar({ model, sorter, form, write }: { model: Model; sorter: Sorter; form: HTMLElement; write: () => void }) {
  const [away, setAway] = useState(false);
  useEffect(() => {
    if (typeof IntersectionObserver === "undefined") return undefined;
    const watch = new IntersectionObserver(([seen]) => setAway(seen !== undefined && !seen.isIntersecting && seen.boundingClientRect.bottom < 0));
    watch.observe(form);
    return () => watch.disconnect();
  }, [form]);
  if (model.editing.value || sorter.card.value) return null; // it would lie over the choices
  return (
    <div class="bar">
      {away && <News model={model} />}
      <Invitation model={model} sorter={sorter} />
      {away && model.open.value && (
        <button type="button" class="button main" onClick={write}>
          <Icon name="pencil" />
          {t("Write an idea")}
        </button>
      )}
    </div>
  );
}
