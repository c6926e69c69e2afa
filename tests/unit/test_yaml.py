"""YAML: a value is what it looks like to everybody, or it is refused with its line."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from onset.config.yaml_file import YamlError, load_yaml, read_yaml, reread

CLEAR = {
    "3": 3, "-3": -3, "+3": 3, "0": 0, "1_000": 1000, "0o400": 256, "0x1f": 31,
    "1.5": 1.5, ".5": 0.5, "5.": 5.0, "1e3": 1000.0, "1e-3": 0.001, "1_000.5": 1000.5, "-.5e+2": -50.0,
    "true": True, "False": False, "TRUE": True, "null": None, "~": None, "": None,
    "2024-02-30": "2024-02-30", "2024-02-28": "2024-02-28", "12:30 pm": "12:30 pm", "y": "y",
    "=": "=", "1.2.3": "1.2.3", "cuda:1": "cuda:1", "1,5": "1,5", "٣": "٣", "nan": "nan", "None": "None",
    "'0400'": "0400", '"no"': "no", "'25:00'": "25:00", "'1'": "1",
}  # fmt: skip

UNCLEAR = {
    "0400": "write 400", "-007": "write 7", "08": "write 8", "00": "write 0",
    "25:00": "in decimal digits", "1:30.5": "in decimal digits", "190:20:30": "in decimal digits",
    "0b11": "in decimal digits", "-0x10": "in decimal digits", "1_0_": "in decimal digits",
    "yes": "write true or false", "No": "write true or false", "on": "write true or false",
    "OFF": "write true or false",
    "9" * 5000: "more than 1000 digits",
}  # fmt: skip


@pytest.mark.parametrize("text", CLEAR)
def test_a_value_is_what_it_looks_like(text):
    assert load_yaml(f"key: {text}") == {"key": CLEAR[text]}
    assert type(load_yaml(f"- {text}")[0]) is type(CLEAR[text])


@pytest.mark.parametrize("text", UNCLEAR, ids=lambda text: text[:20])
def test_what_could_be_two_things_is_refused(text):
    with pytest.raises(YamlError, match=r"^line 2: ") as refused:
        load_yaml(f"first: 1\nkey: [{text}]")
    assert UNCLEAR[text] in str(refused.value)
    assert load_yaml(f"key: '{text}'") == {"key": text}
    assert reread(text) == text


def test_what_is_not_finite_is_left_to_those_who_want_a_number():
    assert load_yaml("[.inf, -.inf, 1e999]") == [math.inf, -math.inf, math.inf]
    assert math.isnan(load_yaml(".nan"))


@pytest.mark.parametrize("key", ["no", "on", "yes", "y", "25:00", "2024-01-01", "'1'"])
def test_a_key_is_text(key):
    assert load_yaml(f"{key}: 1") == {key.strip("'"): 1}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\n---\nb: 2", "line 2: a second document begins here (---); a file holds one"),
        ("a: 1\n<<: {b: 1}", "line 2: <<: merge keys aren't read"),
        ("a: !!str 5", "line 1: !!str: tags aren't read"),
        ("a: !mine 5", "line 1: !mine: tags aren't read"),
        ("a:\n\tb: 1", "line 2: a tab; YAML is indented with spaces"),
        ("a: " + "[" * 3000, "line 1: more than 40 nested brackets"),
        ("a: " + "[" * 3000 + "]" * 3000, "line 1: more than 40 nested brackets"),
        ("".join(f"{' ' * i}a:\n" for i in range(99)), "line 40: more than 40 nested brackets or levels"),
        ("a: &a [*a]", "line 1: *a stands within what it repeats"),
        ("a: *b", "line 1: found undefined alias 'b'"),
        ("? [a]\n: b", "line 1: a key must be text, and here is a list or a mapping"),
        ("null: 1", 'line 1: the key null must be text: write "null", in quotes'),
        ("true: 1", "line 1: the key true must be text"),
        ("1.5: 1", "line 1: the key 1.5 must be text"),
        ("a: 1\na: 2", "line 2: the key a stands twice"),
        ('a: 1\nb: "x\\0y"', "line 2: the character U+0000 can't stand in text"),
        ("a: 1\nb: x\0y", "line 2: the character U+0000 can't stand in text"),
        ('a: "\\ud800"', "line 1: the character U+D800 can't stand in text"),
        ("a: 'one", "line 1: a quote isn't closed"),
        ("a: one: two", "line 1: a colon can't stand here"),
        ("a: @one", "line 1: no text begins with such a character"),
        ("a: [two] layers", "line 1: text behind a closed quote or bracket; all of it goes in quotes"),
        ("a: 'don't'", "line 1: text behind a closed quote or bracket"),
        ('a:\n  b: "yes" (in the end)', "line 2: text behind a closed quote or bracket"),
        ("a: [1,\n  2] b", "line 2: text behind a closed quote or bracket"),
        ("a: 'one\nb: 2\nc: 'three'", "line 3: text behind a quote that was opened in line 1"),
        ("a: 'one\nb: 'two: x'", "line 2: text behind a quote that was opened in line 1"),
        ('a: "one\nb: 2\n', "line 3: a quote isn't closed (what it is part of begins in line 1)"),
        ("a: &x 1\nb: &x 2", "line 2: the anchor &x stands twice; the first is in line 1"),
        ("a: 1\nb: {steps:500}", "line 2: steps:500: behind the colon a blank is missing"),
        ("a:\n\u00a0\u00a0b: 1", "line 2: the key b has U+00A0 in it or before it; write spaces"),
        ("a\u200b: 1", "line 1: the key a has U+200B in it"),
        ("a: |\n  one\n two: 1", "line 3: not indented like the lines that it stands among"),
    ],
    ids=lambda text: text[:20].encode("unicode_escape").decode(),
)  # fmt: skip
def test_what_is_no_data_is_refused_with_its_line(text, says):
    with pytest.raises(YamlError) as refused:
        load_yaml(text)
    assert str(refused.value).startswith(says)
    assert "\n" not in str(refused.value)


def test_an_anchor_may_be_repeated_as_often_as_one_likes():
    repeated = load_yaml("a: &a [1, 2]\nb: [" + "*a, " * 1000 + "]")
    assert repeated == {"a": [1, 2], "b": [[1, 2]] * 1000}


@pytest.mark.parametrize(
    "text",
    [
        "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 40)),
        "a: &a " + "x" * 50_000 + "\nb: [" + "*a, " * 100 + "]",
    ],
    ids=["of lists", "of text"],
)
def test_a_bomb_does_not_go_off(text):
    with pytest.raises(YamlError, match=r"aliases \(\*.*\) repeat comes to more than 2000000"):
        load_yaml(text)


def test_a_key_may_have_a_colon_in_it():
    assert load_yaml("{a:b: 1, 'c:d': 2, \"e\":3}") == {"a:b": 1, "c:d": 2, "e": 3}


def test_a_file_may_have_a_mark_in_front_and_lines_of_any_system(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert read_yaml(path) == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it is empty"),
        (b"# nothing\n", "it is empty"),
        (b"a", "expected keys and values"),
        (b"caf\xe9: 1", "it isn't UTF-8 text"),
        ("a: 1".encode("utf-16"), "it isn't UTF-8 text"),
        (b"#" * 3_000_000, "it has 3000000 bytes; the most is 2000000"),
    ],
    ids=lambda value: value[:8].decode(errors="replace") if isinstance(value, bytes) else "",
)
def test_a_file_that_holds_no_mapping(tmp_path, content, says):
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    with pytest.raises(YamlError) as refused:
        read_yaml(path)
    assert str(refused.value).startswith(says)


def test_a_path_that_is_none():
    with pytest.raises(YamlError, match="can't be read"):
        read_yaml(Path("a" * 5000))
