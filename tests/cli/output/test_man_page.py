"""A page of commands of which the texts are roff's own requests."""

import click

from batcher.cli.output.man_page import man_page


def test_no_text_is_taken_as_a_request() -> None:
    option = click.Option(["--x"], help=".so /etc/passwd \\n(.z")
    inner = click.Command("do", params=[option], help='\'br\n\n\b\n\\fB of "all"', epilog=".ex 1-2")
    group = click.Group("all", commands=[inner, click.Group("g", commands=[inner])], help="What.")
    root = click.Context(group, info_name="all")
    page = man_page(root, {'By "kind"': ["do", "g"]}, "1.0", {70: ".ft of all"})
    lines = page.splitlines()
    assert '.TH ALL 1 "" "all 1.0" "User Commands"' in lines
    assert "all \\- What" in lines
    assert '.SH "BY \\(dqKIND\\(dq"' in lines
    assert lines.count('.SS "all do"') == lines.count('.SS "all g do"') == 1
    assert "\\&'br" in lines
    assert "\\efB of \\(dqall\\(dq" in lines
    assert "\\&.ex 1\\-2" in lines
    assert lines[lines.index('.SH "EXIT STATUS"') :][2:] == [".B 70", "\\&.ft of all"]
    assert "\\&.so /etc/passwd \\en(.z" in lines
    ours = {".TH", ".SH", ".SS", ".PP", ".TP", ".B"}
    assert {line.split()[0] for line in lines if line.startswith((".", "'"))} == ours
