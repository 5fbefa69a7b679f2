/** Icons of the scripts' own parts: bundled, so that they are there without a connection too. */

import {
  ArrowUp, Check, Clock, EyeOff, Heart, type IconNode, Layers, Lock, Minus, Monitor, Pencil, RefreshCw, Search, Sparkles, ThumbsDown, ThumbsUp, Trash2, TriangleAlert, WifiOff, X,
} from "lucide";
import { createElement } from "preact";

const ICONS = {
  "arrow-up": ArrowUp, check: Check, clock: Clock, "eye-off": EyeOff, heart: Heart, layers: Layers, lock: Lock, minus: Minus, monitor: Monitor, pencil: Pencil,
  "refresh-cw": RefreshCw, search: Search, sparkles: Sparkles, "thumbs-down": ThumbsDown, "thumbs-up": ThumbsUp, "trash-2": Trash2, "triangle-alert": TriangleAlert, "wifi-off": WifiOff, x: X,
} satisfies Record<string, IconNode>;

export type IconName = keyof typeof ICONS;

/** Draw an icon in the colour of the text beside it; `more` adds classes (small, full, turns). */
export function Icon({ name, more = "" }: { name: IconName; more?: string }) {
  return (
    <svg class={`icon ${more}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {ICONS[name].map(([tag, marks]) => createElement(tag, marks as Record<string, string>))}
    </svg>
  );
}

/** Words for assistive technology only. */
export function Hidden({ children }: { children: string }) {
  return <span class="hidden">{children}</span>;
}
