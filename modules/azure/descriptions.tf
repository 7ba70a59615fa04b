# Descriptions of rules: table rows first, then the entries, in at most 140 characters. What does not fit
# is counted.

locals {
  deny_description = join(" ", [
    "Denies what no rule above allows; the default rules would let in the virtual network and",
    "let out to the Internet.",
  ])

  # Rows as 5, 9-11.
  row_spans = {
    for key, rule in local.allow_rules : key => [
      for number, first in [for row in rule.rows : row if !contains(rule.rows, row - 1)] :
      join("-", distinct([first, [for row in rule.rows : row if !contains(rule.rows, row + 1)][number]]))
    ]
  }

  # As many rows as 116 characters take, so that some entries fit as well.
  row_texts = {
    for key, spans in local.row_spans : key => [
      for text in [
        for kept in range(length(spans), -1, -1) : join("", [
          "Table row${length(local.allow_rules[key].rows) > 1 ? "s" : ""} ",
          join(", ", concat(
            slice(spans, 0, kept),
            kept < length(spans) ? ["${length(spans) - kept} more"] : []
          )),
        ])
      ] : text
      if length(text) <= 116
    ][0]
  }

  # And as many entries as fit after them.
  descriptions = {
    for key, rule in local.allow_rules : key => [
      for text in [
        for kept in range(length(rule.entries), -1, -1) : join(": ", [
          length(rule.rows) == 0 ? "Not in the table" : local.row_texts[key],
          join(", ", concat(
            slice(rule.entries, 0, kept),
            kept < length(rule.entries) ? ["${length(rule.entries) - kept} more"] : []
          )),
        ])
      ] : text
      if length(text) <= 140
    ][0]
  }
}
