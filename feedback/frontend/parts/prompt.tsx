/** The question of the moment, the tabs when there are several, and what is to be said about the line to the server. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { Model } from "../lib/model.ts";
import { sentenceOf, t, tn } from "../lib/words.ts";
import { Hidden, Icon } from "./icon.tsx";

export function PromptHead({ model, hasText }: { model: Model; hasText: () => boolean }) {
  const room = model.room.value;
  const prompt = model.prompt.value;
  if (!room) return null;
  return (
    <>
      {model.prompts.value.length > 1 && <Tabs model={model} />}
      {prompt ? (
        <h1 class="prompt words" id="prompt-text" dir="auto">{prompt.text}</h1>
      ) : (
        <>
          <h1 class="prompt" id="prompt-text" dir="auto">{room.conversation.title}</h1>
          <p class="quiet">{t("No prompt is open yet. It will appear here as soon as the facilitator opens it.")}</p>
        </>
      )}
      {prompt && !model.open.value && (
        <p class={hasText() ? "notice wait" : "notice"} role="status">
          <Icon name="lock" />
          <span>{closedSentence(room.conversation.state === "closed", hasText())}</span>
        </p>
      )}
    </>
  );
}

function closedSentence(conversation: boolean, hasText: boolean): string {
  if (hasText) return t("This prompt has closed. Your text is still here: copy it, or ask the facilitator to open the prompt again.");
  return conversation ? t("This conversation has closed. You can still read its ideas.") : t("This prompt has closed. You can still read its ideas.");
}

function Tabs({ model }: { model: Model }) {
  const known = useRef(new Set(model.prompts.value.map((prompt) => prompt.id)));
  return (
    <nav class="tabs prompts" aria-label={t("Prompts")}>
      {model.prompts.value.map((prompt) => (
        <button type="button" key={prompt.id} aria-current={prompt.id === model.prompt.value?.id ? "true" : undefined}
          onClick={() => { known.current.add(prompt.id); model.show({ prompt: prompt.id }); }}>
          <Hidden>{`${t("Prompt")} `}</Hidden>
          {prompt.number}
          {prompt.state === "closed" && <><Icon name="lock" more="small" /><Hidden>{` ${t("closed")}`}</Hidden></>}
          {prompt.state === "open" && !known.current.has(prompt.id) && <span class="chip strand">{t("new")}</span>}
        </button>
      ))}
    </nav>
  );
}

/** Header: what waits, and whether there is a line at all. Silent when all is well. */
export function Status({ model }: { model: Model }) {
  const waiting = model.waiting.value.length;
  const offline = isOffline(model);
  if (waiting === 0 && !offline) return null;
  return (
    <span class="chip wait">
      <Icon name={offline ? "wifi-off" : "clock"} more="small" />
      {waiting > 0 ? tn("%(n)s waiting", "%(n)s waiting", waiting) : t("Offline")}
    </span>
  );
}

/** What must be said about the line: floats below the header, so that nothing moves, until it is closed or no longer true. */
export function Notices({ model }: { model: Model }) {
  const [closed, setClosed] = useState("");
  const fragile = !model.durable.value && model.waiting.value.length > 0;
  const what = model.refusedPage.value ? "refused" : fragile ? "fragile" : isOffline(model) ? "offline" : model.crowded.value ? "crowded" : "";
  useEffect(() => {
    if (what === "") setClosed("");
  }, [what]);
  if (what === "" || what === closed) return null;
  return (
    <p class={what === "refused" ? "notice bad" : what === "crowded" ? "notice" : "notice wait"} role="status">
      <Icon name={what === "refused" ? "triangle-alert" : what === "offline" ? "wifi-off" : "clock"} />
      <span>{noticeText(what, what === "crowded" ? model.crowded.value : model.refusedPage.value)}</span>
      <button type="button" class="icon-button" onClick={() => setClosed(what)}>
        <Icon name="x" />
        <Hidden>{t("Close")}</Hidden>
      </button>
    </p>
  );
}

function noticeText(what: string, code: string | null): string {
  if (code === "many_tabs") return t("This conversation is open in several windows here. This one shows what is new every few seconds.");
  if (what === "refused" || what === "crowded") return sentenceOf(code ?? "");
  if (what === "fragile") return t("This browser forgets everything when the page closes. Please keep it open until nothing is waiting.");
  return t("No connection at the moment. Go on writing and voting: everything is kept on this phone and sent by itself.");
}

function isOffline(model: Model): boolean {
  return !model.online.value || model.health.value === "lost";
}
