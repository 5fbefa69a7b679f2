"""A browser's token is signed; the database knows only hashes, another one for each conversation."""

import pytest

from feedback.domain.facts import WeakPassword, WrongPassword
from feedback.identity import Identity, check_password, hash_password, new_secret, new_token, secret_hash


@pytest.fixture
def identity():
    return Identity("a key of this house")


def test_cookie_reads_back_and_cannot_be_made_up(identity):
    token = new_token()
    cookie = identity.sign(token)
    assert identity.read(cookie) == token
    assert Identity("another key").read(cookie) is None
    for forged in (None, "", token, cookie + "x", "x" + cookie, cookie[:-1], "\udcff.é", "a.b.c"):
        assert identity.read(forged) is None


def test_one_browser_has_unrelated_names_in_each_conversation_and_among_the_crew(identity):
    token = new_token()
    names = [identity.token_hash(token, 1), identity.token_hash(token, 2), identity.bearer_hash(token)]
    assert len(set(names)) == 3
    assert all(len(name) == 64 and token not in name for name in names)
    assert identity.token_hash(token, 1) == names[0]
    assert Identity("another key").token_hash(token, 1) != names[0]


def test_tokens_and_secrets_are_never_the_same():
    made = [make() for make in (new_token, new_secret) for _ in range(100)]
    assert len(set(made)) == 200
    assert min(len(value) for value in made) >= 43


def test_stage_secret_belongs_to_one_conversation_and_version(identity):
    secret = identity.stage_secret(7, 2)
    assert identity.stage_of(secret) == (7, 2)
    assert Identity("another key").stage_of(secret) is None
    mac = secret.rsplit(".", 1)[1]
    for forged in (
        "",
        "stage",
        f"stage.7.3.{mac}",
        f"stage.8.2.{mac}",
        f"stage.07.2.{mac}",
        f"stage.-7.2.{mac}",
        secret + "0",
    ):
        assert identity.stage_of(forged) is None
    assert identity.stage_of(f"stage.²7.2.{mac}") is None


def test_secret_hash_forgives_blanks_from_copying():
    assert secret_hash(" secret\n") == secret_hash("secret")
    assert secret_hash("secret") != secret_hash("Secret")
    assert "secret" not in secret_hash("secret")


def test_password_is_kept_as_argon2_and_checked():
    kept = hash_password("correct horse")
    assert kept.startswith("$argon2id$")
    assert "horse" not in kept
    assert len(kept) <= 200
    check_password(kept, "correct horse")
    for known, typed in [(kept, "correct house"), (kept, ""), (None, "correct horse"), (None, "no password was set")]:
        with pytest.raises(WrongPassword):
            check_password(known, typed)


def test_password_has_at_least_twelve_characters():
    with pytest.raises(WeakPassword) as refused:
        hash_password("11 letters.")
    assert refused.value.detail == {"limit": 12}
    check_password(hash_password("twelve chars"), "twelve chars")
