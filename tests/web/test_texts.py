"""Goal: no page falls back to the other language. Method: extract every text, ask the catalogs."""

import re

import pytest
from babel.messages.mofile import read_mo

from daihou.web.assets import catalogs, messages
from daihou.web.board import money

FIELD = re.compile(r"%\((\w+)\)s")


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_text_has_its_answer_and_no_other(language):
    wanted = {messages._first(text) for text in messages.wanted(language=language)}
    catalog = messages.read(language=language)
    answered = {messages._first(message.id): message.string for message in catalog if message.id}
    assert len(wanted) > 30
    assert set(answered) == wanted, "run python -m daihou.web.assets.messages, then translate"
    for text, answer in answered.items():
        assert all(answer if isinstance(answer, tuple) else (answer,)), text


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_a_translation_names_the_same_values(language):
    for message in messages.read(language=language):
        if message.id:
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            answers = message.string if isinstance(message.string, tuple) else (message.string,)
            wanted = {name for text in ids for name in FIELD.findall(text)}
            for answer in answers:
                assert set(FIELD.findall(answer)) == wanted, message.id


def test_a_comment_of_a_template_hides_no_text(tmp_path):
    file = tmp_path / "page.html"
    file.write_text("{% load i18n %}{% comment %}Why.{% endcomment %}\n{% translate 'Seen' %}")
    assert list(messages._texts_of(file)) == ["Seen"]


def test_a_changed_catalog_is_compiled_once(tmp_path):
    folder = tmp_path / "xx" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    source = folder / "django.po"
    source.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "Loan"\nmsgstr "借据"\n'
    )
    assert catalogs.compile_catalogs(folder=tmp_path, made=tmp_path) == [folder / "django.mo"]
    assert catalogs.compile_catalogs(folder=tmp_path, made=tmp_path) == []
    with (folder / "django.mo").open("rb") as file:
        assert read_mo(file).get("Loan").string == "借据"


@pytest.mark.parametrize(
    ("amount_minor", "language", "text"),
    [
        (0, "en", "0.00"),
        (99_999, "en", "999.99"),
        (100_000, "en", "1.00K"),
        (123_456_789_00, "en", "123.5M"),
        (999_999, "zh-hans", "9,999.99"),
        (1_000_000, "zh-hans", "1.00 万"),
        (20_345_678_912, "zh-hans", "2.03 亿"),
        (-1_000_000, "zh-hans", "-1.00 万"),
    ],
)
def test_short_amounts_use_the_units_of_the_language(amount_minor, language, text):
    from django.utils import translation

    with translation.override(language):
        assert money.short(amount_minor, digits=2) == text
