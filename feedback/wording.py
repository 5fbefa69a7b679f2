"""The sentence that goes with each refusal's code: what happened, that nothing is lost, and what to do."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext, lazy_gettext

REFUSALS = {
    "empty": lazy_gettext("There is nothing written yet."),
    "too_long": lazy_gettext(
        "That is %(length)s characters; %(limit)s fit. Your text is still here: please shorten it."
    ),
    "control_characters": lazy_gettext(
        "The text holds characters that cannot be shown. Your text is still here: type it again."
    ),
    "bad_value": lazy_gettext("One field holds a value that does not fit. Please check it and try again."),
    "closed": lazy_gettext(
        "This prompt has closed. Your text is still here: copy it, or ask the facilitator to open the prompt again."
    ),
    "gone": lazy_gettext("This idea is no longer shown."),
    "not_yours": lazy_gettext("Only the person who wrote an idea can change it."),
    "own_idea": lazy_gettext("You wrote this idea, so the others vote for it."),
    "voted_on": lazy_gettext("Somebody has voted for this idea, so its words stay. You can still withdraw it."),
    "voting_fixed": lazy_gettext(
        "People have voted on this prompt, so what a vote can say stays. For another way of voting, write a new prompt."
    ),
    "budget": lazy_gettext("All your votes on this prompt are used. Take one back to use it here."),
    "superseded": lazy_gettext("You changed this in another window since. The newer choice stands."),
    "stands_for_others": lazy_gettext(
        "This idea now stands for another one too, so its words stay. You can still withdraw it."
    ),
    "conflict": lazy_gettext(
        "This idea arrived with other words before. Your text is still here: please send it again."
    ),
    "full": lazy_gettext("%(limit)s ideas are the most that fit here. Your text is still here: tell the facilitator."),
    "theme_gone": lazy_gettext("This theme is no longer there. Please choose another one."),
    "name_taken": lazy_gettext(
        "Theme %(number)s is called that already. Nothing was changed: choose another name, or put the ideas there."
    ),
    "theme_locked": lazy_gettext("This theme is locked. Unlock it first; nothing was changed."),
    "too_few_ideas": lazy_gettext("A theme needs at least %(limit)s ideas for that. Nothing was changed."),
    "other_prompt": lazy_gettext(
        "These answer different prompts, so their votes cannot be counted together. Nothing was changed."
    ),
    "not_several": lazy_gettext("Choose two ideas that say the same, or more, up to %(limit)s. Nothing was changed."),
    "not_sorting": lazy_gettext("The room is not sorting at the moment. Your earlier answers count."),
    "too_few_themes": lazy_gettext(
        "There is nothing to sort into yet. Let themes be found first, or name at least %(limit)s at the desk."
    ),
    "nothing_to_undo": lazy_gettext("There is nothing to undo."),
    "nothing_to_redo": lazy_gettext("There is nothing to do again."),
    "not_the_last": lazy_gettext(
        "Somebody has done something else since. Nothing was changed: look at the page as it is now, and choose again."
    ),
    "run_in_flight": lazy_gettext("The themes are being looked for already. They will appear here."),
    "no_ideas_yet": lazy_gettext("There are no ideas yet to find themes in."),
    "look_in_flight": lazy_gettext("The conversations are being compared already. The subjects will appear here."),
    "too_few_conversations": lazy_gettext("Themes are needed in at least two conversations."),
    "wrong_move": lazy_gettext("That step does not follow from here: somebody may have changed it meanwhile."),
    "in_no_theme": lazy_gettext("That is in no theme, so there is nothing to take it out of. Nothing was changed."),
    "consent_missing": lazy_gettext("Nothing was changed: tick that words may be sent there, or choose another way."),
    "code_mismatch": lazy_gettext("That is not this conversation's code. Nothing was cleared."),
    "wrong_code": lazy_gettext("No conversation has this code. Please check the six characters on the screen."),
    "link_unknown": lazy_gettext("This link is not known here. Please ask the organiser for a new one."),
    "link_used": lazy_gettext("This link was used before, in another browser. Please ask the organiser for a new one."),
    "link_expired": lazy_gettext("This link has waited too long. Please ask the organiser for a new one."),
    "wrong_password": lazy_gettext("That password does not fit. Please try again."),
    "weak_password": lazy_gettext("Please take a password of at least %(limit)s characters."),
    "forbidden": lazy_gettext("This page is for the crew. Open it with the link that you were given."),
    "not_found": lazy_gettext("There is no page at this address."),
    "form_expired": lazy_gettext(
        "This form was opened in another visit, so nothing was done. If you wrote something, copy it first; then open"
        " the page of the form again."
    ),
    "foreign_origin": lazy_gettext("This call came from another site and was not carried out."),
    "too_many": lazy_gettext("Those were many tries in a short time. Please wait a minute and try again."),
    "too_large": lazy_gettext("This file is too large. Please send at most 2 MB."),
    "bad_request": lazy_gettext("The server did not understand this call. Please load the page again."),
    "busy": lazy_gettext("There is a lot going on right now. Nothing is lost: please try again in a moment."),
    "too_fast": lazy_gettext("That was a lot in a short time. Nothing is lost: please try again in a moment."),
    "room_full": lazy_gettext("The room is full of live screens. Yours shows what is new every few seconds."),
    "server_error": lazy_gettext("Something broke on our side. What was saved is safe: please try again."),
    "refused": lazy_gettext("That was not possible."),
}

#: Why a line of a file was not taken.
LINES = {
    "empty_file": lazy_gettext("No ideas were found in this file."),
    "no_text_column": lazy_gettext("The first line names no column “text”."),
    "columns": lazy_gettext("It has too many cells, or too few."),
    "encoding": lazy_gettext("It holds letters in an unknown encoding. Save the file as UTF-8."),
    "not_json": lazy_gettext("It is not a JSON object."),
    "no_text": lazy_gettext("It holds no text."),
    "bad_id": lazy_gettext("Its id is neither words nor a whole number."),
    "empty": lazy_gettext("Its text is empty."),
    "too_long": lazy_gettext("Its text is longer than 500 characters."),
    "control_characters": lazy_gettext("Its text holds characters that cannot be shown."),
    "full": lazy_gettext("The conversation holds as many ideas as it can."),
}

#: Why only words were compared although the organiser chose an embedder.
EMBEDDERS = {
    "missing": lazy_gettext("Only words were compared: there is no model on the machine that finds them."),
    "moved": lazy_gettext("Only words were compared: the organiser has not agreed to where the endpoint is."),
    "broken": lazy_gettext("Only words were compared: the model could not be used."),
    "unreachable": lazy_gettext("Only words were compared: the embedding endpoint did not answer."),
    "slow": lazy_gettext("Only words were compared: measuring the ideas took too long."),
    "refused": lazy_gettext("Only words were compared: the embedding endpoint does not take our key."),
    "failed": lazy_gettext("Only words were compared: the embedding endpoint reported a fault."),
    "wrong": lazy_gettext("Only words were compared: what the embedder gave could not be used."),
}


#: Reasons that no form offers.
REASONS = (lazy_gettext("It says nearly the same as another idea, for which its votes count now."),)


def sentence_of_embedder(code: str) -> str:
    """Return why only words were compared, in the language of the request."""
    return str(EMBEDDERS.get(code) or EMBEDDERS["broken"])


def sentence_of_line(code: str) -> str:
    """Return why a line of a file was not taken, in the language of the request."""
    return str(LINES.get(code) or sentence_of(code))


def reason_in_words(reason: str) -> str:
    """Return why an idea is hidden, in the language of the request.

    Usual reasons are stored in English and known to the catalogues; people's own words pass as they are.
    """
    return str(gettext(reason)) if reason else ""


def own_in_words(mine: dict[str, Any]) -> dict[str, Any]:
    """Return what belongs to one participant, the reasons of hidden ideas in the language of the request."""
    ideas = [idea | {"reason": reason_in_words(idea["reason"])} for idea in mine["ideas"]]
    return mine | {"ideas": ideas}


def sentence_of(code: str, detail: Mapping[str, str | int] | None = None) -> str:
    """Return the sentence for a refusal's code, in the language of the request."""
    sentence = str(REFUSALS.get(code, REFUSALS["refused"]))
    if not detail:
        return sentence
    try:
        return str(sentence % detail)
    except KeyError:
        return str(gettext("That was not possible."))
