/** What stands beside every scene of the stage: who is here, how much came in, and how old the picture is. */

import type { Signal } from "@preact/signals";
import type { Room } from "../lib/state.ts";
import type { Sorting } from "../lib/types.ts";
import type { Health } from "../lib/wire.ts";
import { figure, percent, t, timeOf, tn } from "../lib/words.ts";
import { Icon } from "./icon.tsx";

export function Counts({ room, health }: { room: Signal<Room | null>; health: Signal<{ is: Health; heardAt: number }> }) {
  if (!room.value) return null;
  const { counts, sorting, conversation } = room.value;
  const lines: [string, number][] = [
    [t("joined"), counts.joined],
    [t("here now"), counts.here],
    [t("ideas"), counts.ideas],
    [t("votes"), counts.votes],
  ];
  return (
    <>
      <dl class="counts">
        {lines.map(([name, value]) => (
          <div key={name}>
            <dd class="figure">{figure(value)}</dd>
            <dt>{name}</dt>
          </div>
        ))}
      </dl>
      {sorting.open && conversation.state === "open" && (
        <p class="sorted">
          <Icon name="layers" more="small" />
          {sortedSentence(sorting)}
        </p>
      )}
      {health.value.is === "lost" && (
        <p class="stale" role="status">
          <Icon name="clock" more="small" />
          {t("as of %(time)s", { time: timeOf(health.value.heardAt, true) })}
        </p>
      )}
    </>
  );
}

function sortedSentence({ sorted, unsure }: Sorting): string {
  if (unsure === 0) return t("All ideas are sorted");
  return tn("%(share)s sorted, %(num)s idea still unsure", "%(share)s sorted, %(num)s ideas still unsure", unsure, { share: percent(sorted) });
}

export function Hint({ shown }: { shown: Signal<boolean> }) {
  if (!shown.value) return null;
  return (
    <p class="keys">
      <kbd>F</kbd> {t("full screen")}
    </p>
  );
}
