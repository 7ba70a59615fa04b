"""The reader of the modules' HCL, as far as the README needs it."""

from __future__ import annotations

from esacloud.modules.hcl import arguments, blocks, one_line

TEXT = """\
# A comment.
variable "peers" {
  description = <<-EOT
    Who is at the other end:
    {a = {}}.
  EOT
  type = map(object({
    # Networks. `any` is every address.
    networks = optional(list(string), [])
    # Prefix lists, and a second line
    # of the comment.
    prefix_lists = optional(map(object({
      id     = string
      family = optional(string) # ipv4 or ipv6
    })), {})
  }))
  default = {}

  validation {
    condition     = true
    error_message = "Never }"
  }
}

resource "aws_security_group" "this" {
  for_each = local.groups
}
"""


def test_blocks_have_their_kind_and_labels() -> None:
    assert [(block.kind, block.labels) for block in blocks(TEXT)] == [
        ("variable", ("peers",)),
        ("resource", ("aws_security_group", "this")),
    ]


def test_an_argument_of_several_lines_is_read_whole() -> None:
    peers = next(blocks(TEXT))
    assert peers.text("description") == "Who is at the other end: {a = {}}."
    assert peers.argument("default") == "{}"
    assert peers.argument("nullable") is None


def test_a_type_is_put_on_one_line_without_its_comments() -> None:
    fields = "networks = optional(list(string), []), prefix_lists = optional(map(object({id = string, family = "
    kind = next(blocks(TEXT)).argument("type") or ""
    assert one_line(kind) == f"map(object({{{fields}optional(string)}})), {{}})}}))"


def test_the_fields_of_a_type_have_the_comments_above_them() -> None:
    fields = arguments(next(blocks(TEXT)).argument("type") or "", margin="    ")
    assert {field.name: field.comment for field in fields} == {
        "networks": "Networks. `any` is every address.",
        "prefix_lists": "Prefix lists, and a second line of the comment.",
    }
