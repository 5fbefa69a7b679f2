from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from feedback.export import render
from feedback.export.clean import clean
from feedback.export.markdown import literal

PAYLOADS = [
    *(
        "# heading",
        "## h\n# h",
        "Title\n===",
        "Title\n---",
        "---",
        "***",
        "___",
        "> quote",
        "- list",
        "+ list",
        "* list",
    ),
    *("1. one", "1) one", "[link](http://x.example)", "![pic](http://x.example/p.png)", "<http://x.example>"),
    *("http://x.example/a?b=c", "https://x.example", "www.x.example", "me@x.example", "mailto:me@x.example"),
    *("<b>bold</b>", "<script>alert(1)</script>", "<!-- c -->", "<img src=x onerror=alert(1)>", "&lt;b&gt; &copy;"),
    *(
        "**bold** _it_ ~~no~~",
        "`code` ``` x",
        "```\ncode\n```",
        "    indented",
        "| a | b |\n|---|---|",
        "[x]: http://x.example",
    ),
    *("a\\*b", "\\", "trailing \\\nline", "[^1]", "$x^2$", ":smile: :100:", "#12 @me", "- [ ] task", "term\n: text"),
]
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def shown(markdown: str) -> tuple[str, set[str]]:
    """Return what a reader sees of a list item or line, and which kinds of markup the parser found."""
    kinds: set[str] = set()
    text = ""
    for token in PARSER.parse(markdown):
        kinds.add(token.type)
        for child in token.children or ():
            kinds.add(child.type)
            text += "\n" if child.type in ("hardbreak", "softbreak") else child.content
    return text, kinds


def test_there_are_thirty_payloads():
    assert len(PAYLOADS) >= 30


def test_markdown_shows_every_payload_as_it_was_written(make, words):
    file = render(make(PAYLOADS, themes=0), "md", words).decode()
    text, kinds = shown(file[file.index("## Annex") :].split("\n", 2)[2])
    assert kinds == {
        *("bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close", "paragraph_open"),
        *("paragraph_close", "inline", "text", "hardbreak", "strong_open", "strong_close", "em_open", "em_close"),
    }
    for payload in PAYLOADS:
        assert "\n".join(line.strip() for line in payload.split("\n")) in text


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.one_of(st.characters(exclude_categories=()), st.sampled_from("\\`*_[]()<>#+-.!|~:@&=1 \n"))))
def test_literal_reads_as_exactly_the_text(text):
    line = literal(clean(text))
    seen, kinds = shown(f"x {line}")
    assert " ".join(seen.split()) == " ".join(f"x {clean(text)}".split())
    assert kinds <= {"paragraph_open", "paragraph_close", "inline", "text"}


def test_no_word_of_a_person_can_become_a_link_where_programs_look_for_addresses():
    assert literal("http://x.example www.x.example a@b.example :smile:") == (
        "http\\://x\\.example www\\.x\\.example a\\@b\\.example \\:smile:"
    )


def test_titles_and_names_are_literal_too(make, words):
    bad = "# [x](http://y.example) <b> | `c`"
    file = render(make(["idea"], conversation=bad, strand=bad, facilitator=bad, name=bad), "md", words).decode()
    _, kinds = shown(file)
    assert not kinds & {"link_open", "html_inline", "html_block", "image"}
    assert "](http" not in file.replace("\\]", "")
