# Descriptions of rules: table rows first, then the entries, the roles, and the host names that any
# address stands for. EC2 takes 255 characters. A text that is too long loses host names, then roles, then
# entries, from the end and counted as +3; table rows it never loses.

locals {
  # Rows as 5,9-11.
  row_spans = {
    for key, rule in local.rules : key => [
      for number, first in [for row in rule.rows : row if !contains(rule.rows, row - 1)] :
      join("-", distinct([first, [for row in rule.rows : row if !contains(rule.rows, row + 1)][number]]))
    ]
  }

  # What a description says, those words last that go first. Some entries are not rows of the table.
  words = {
    for key, rule in local.rules : key => {
      outside   = [for id in rule.entries : id if length(local.entries[id].rows) == 0]
      inside    = [for id in rule.entries : id if length(local.entries[id].rows) > 0]
      roles     = rule.roles
      hostnames = rule.hostnames
    }
  }
  word_lists = {
    for key, words in local.words : key => [words.outside, words.inside, words.roles, words.hostnames]
  }

  # How many words to try to keep. Nearly every description is short, and then one try is enough: all
  # words; 50 characters are more than the punctuation and the fixed text.
  tries = {
    for key, lists in local.word_lists : key => (
      length(join(", ", concat(local.row_spans[key], flatten(lists)))) + 50 <= 255
      ? [length(flatten(lists))] : range(length(flatten(lists)), -1, -1)
    )
  }

  # For each try the words of each list that are kept, and +3 for three that are not.
  kept_words = {
    for key, lists in local.word_lists : key => [
      for kept in local.tries[key] : [
        for number, list in lists : [
          for here in [max(0, min(length(list), kept - length(flatten(slice(lists, 0, number)))))] : concat(
            slice(list, 0, here),
            here < length(list) ? ["+${length(list) - here}"] : []
          )
        ][0]
      ]
    ]
  }

  # rows 5,9-11: smtp-out (mail-receivers); not in table: relay; hostnames open: a.example
  texts = {
    for key, tries in local.kept_words : key => [
      for kept in tries : join("", [
        join("; ", compact([
          join(": ", compact([
            length(local.row_spans[key]) == 0 ? "" : format(
              "row%s %s", length(local.rules[key].rows) > 1 ? "s" : "", join(",", local.row_spans[key])
            ),
            join(", ", kept[1]),
          ])),
          length(kept[0]) == 0 ? "" : "not in table: ${join(", ", kept[0])}",
        ])),
        length(kept[2]) == 0 ? "" : " (${join(", ", kept[2])})",
        length(kept[3]) == 0 ? "" : "; hostnames open: ${join(" ", kept[3])}",
      ])
    ]
  }

  descriptions = { for key, texts in local.texts : key => [for text in texts : text if length(text) <= 255][0] }
}
