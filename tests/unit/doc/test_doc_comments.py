"""Doc comments: what is read of them."""

from __future__ import annotations

from iamdsl.doc import comments

WHOLE = """\
Lets Lambda poll an SQS queue
for a function.

Parameters:
  queue: the queue's name, e.g. `"orders"`
    or `"orders-*"`.
  batch: at most this many; 5 if left out.

Grants receiving. Does not grant sending (`sqs:SendMessage`), nor
anything of `iam:*` or `sqs:Purge*`.
Page: "Using Lambda with Amazon SQS" (Lambda developer guide).
Use in: `policy for sqs:queue("orders")`.

- one
- two
  and more

  use it
    like this

  and this
"""


def test_parts_of_a_comment() -> None:
    """Each part is found where templates of the standard library have it."""
    found = comments.read(WHOLE)

    assert found.summary == "Lets Lambda poll an SQS queue for a function."
    assert found.parameters == (
        ("queue", """the queue's name, e.g. `"orders"` or `"orders-*"`."""),
        ("batch", "at most this many; 5 if left out."),
    )
    assert found.page == '"Using Lambda with Amazon SQS" (Lambda developer guide)'
    assert found.used_in == 'policy for sqs:queue("orders")'
    assert [block.kind for block in found.body] == ["text", "list", "code"]
    assert found.body[1].text == "one\ntwo and more"
    assert found.body[2].text == "use it\n  like this\n\nand this"


def test_the_example_of_a_parameter() -> None:
    """The first value behind `e.g.` is taken; where there is none, nothing is made up."""
    found = comments.read(WHOLE)

    assert found.example("queue") == '"orders"'
    assert found.example("batch") is None
    assert found.example("nothing") is None


def test_what_is_refused() -> None:
    """Only what stands behind `Does not grant` is held to be refused, patterns too."""
    assert comments.read(WHOLE).refused == ("sqs:SendMessage", "iam:*", "sqs:Purge*")
    assert comments.read("Grants `s3:GetObject`. Does not grant more.").refused == ()


def test_a_comment_of_one_line() -> None:
    """A project's own comments need no form."""
    assert comments.read("What the team reads.") == comments.Comment("What the team reads.")
    assert comments.read("") == comments.Comment()
