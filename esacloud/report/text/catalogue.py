"""What `ports` and `explain` print: a table of catalogue entries, or everything about one entry, in English or Chinese."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from esacloud.catalogue.lookup import Found
from esacloud.catalogue.model import EVERY_PORT, Catalogue, Entry, Row, Text, release_text
from esacloud.packets.spans import range_text
from esacloud.report.json.catalogue import needs_peer
from esacloud.report.text.table import NARROWEST, display_width, padded, table, wrapped

_HEAD = Text("Row|Port|Direction|Feature|Remote|What for", "行|端口|方向|功能|对端|用途")
_DIRECTION = {"ingress": Text("ingress", "入站"), "egress": Text("egress", "出站"), "both": Text("both", "双向")}
_NOTHING = Text("Nothing in the catalogue matches.", "目录中没有匹配项。")
_NO_RULE = Text("No rule: {}", "无规则：{}")
_OPENED_BY = {
    "ingress": Text("the remote host", "对端"),
    "egress": Text("the gateway", "网关"),
    "both": Text("the gateway and the remote host", "网关和对端"),
}
_CERTAINTY = {
    "certain": Text("certain", "确定"),
    "strong": Text("strong evidence", "证据充分"),
    "fair": Text("fair evidence", "有一定依据"),
    "reading": Text("our reading", "解读"),
}
_CELL = {
    "port": Text("port", "端口"),
    "protocol": Text("protocol", "协议"),
    "direction": Text("direction", "方向"),
    "host": Text("host", "主机名"),
    "purpose": Text("purpose", "目的"),
}


def ports_report(entries: Sequence[Entry], rows: Sequence[Row], language: str, width: int | None) -> str:
    """A table of the entries and of the rows without a rule. `width` is that of the terminal; None disables wrapping."""
    if not entries and not rows:
        return _NOTHING.in_language(language)
    lines = [
        (
            ", ".join(map(str, entry.rows)) or "-",
            _traffic(entry),
            _DIRECTION[entry.direction].in_language(language),
            entry.feature,
            entry.role,
            entry.purpose.in_language(language),
        )
        for entry in entries
    ]
    lines += [
        (str(row.number), row.port, _printed_direction(row.direction, language), "-", "-", _no_rule(row, language))
        for row in rows
    ]
    return table(_HEAD.in_language(language).split("|"), lines, width)


def explain_report(catalogue: Catalogue, answers: Iterable[Found], language: str, width: int | None) -> str:
    """Everything about the entries found, a block for each; an entry found twice is printed once."""
    blocks: dict[str, None] = {}
    for found in answers:
        for entry in found.entries:
            blocks[_entry_block(catalogue, entry, language, width)] = None
        for row in found.rows:
            blocks[_row_block(row, language, width)] = None
        if found.wide:
            names = ", ".join(entry.id for entry in found.wide)
            also = Text(
                f"{found.asked} is also within the port range of: {names}",
                f"{found.asked} 也在以下条目的端口范围内：{names}",
            )
            blocks["\n".join(wrapped(also.in_language(language), width or len(names) * 2 + 200))] = None
    return "\n\n".join(blocks)


def _traffic(entry: Entry) -> str:
    ports = ",".join(map(range_text, entry.ports))
    text = "+".join(entry.transports)
    return text if entry.ports == (EVERY_PORT,) else f"{text}/{ports}"


def _printed_direction(direction: str, language: str) -> str:
    words = {"ingress": "输入", "egress": "输出", "or": "或", "and": "和", "/": "/", "-": "-"}
    return "".join(words[word] for word in direction.split()) if language == "zh" else direction


def _no_rule(row: Row, language: str) -> str:
    return _NO_RULE.in_language(language).format(row.no_rule.in_language(language) if row.no_rule else "")


def _block(title: str, lines: Iterable[tuple[Text, Text | str]], language: str, width: int | None) -> str:
    """A title, and under it labels with their texts; a text wraps beside its label."""
    labelled = [
        (label.in_language(language), text if isinstance(text, str) else text.in_language(language))
        for label, text in lines
    ]
    indent = max(display_width(label) for label, _ in labelled) + 4
    room = None if width is None else max(width - indent, NARROWEST)
    out = [title]
    for label, text in labelled:
        parts = [part for line in text.split("\n") for part in ([line] if room is None else wrapped(line, room))]
        out.append(f"  {padded(label, indent - 2)}{parts[0]}")
        out += [" " * indent + part for part in parts[1:]]
    return "\n".join(out)


def _row_block(row: Row, language: str, width: int | None) -> str:
    title = Text(f"Row {row.number} of the table", f"表中第 {row.number} 行").in_language(language)
    lines = ((Text("Printed", "原文"), _printed(row, language)), (Text("Rule", "规则"), _no_rule(row, language)))
    return _block(title, lines, language, width)


def _entry_block(catalogue: Catalogue, entry: Entry, language: str, width: int | None) -> str:
    title = f"{entry.id}: {_traffic(entry)} {_DIRECTION[entry.direction].in_language(language)}"
    return _block(title, _entry_lines(catalogue, entry, language), language, width)


def _entry_lines(catalogue: Catalogue, entry: Entry, language: str) -> Iterator[tuple[Text, Text | str]]:
    yield Text("What for", "用途"), entry.purpose
    yield Text("Opened by", "发起方"), _OPENED_BY[entry.direction]
    if entry.source_ports != EVERY_PORT:
        yield Text("Source port", "源端口"), range_text(entry.source_ports)
    yield Text("Remote", "对端"), f"{entry.role} ({catalogue.roles[entry.role].title.in_language(language)})"
    if entry.hostnames:
        yield Text("Host names", "主机名"), ", ".join(entry.hostnames)
    if entry.networks:
        yield Text("Networks", "网段"), ", ".join(map(str, entry.networks))
    yield Text("Feature", "功能"), f"{entry.feature} ({catalogue.features[entry.feature].title.in_language(language)})"
    for name, values in entry.when.items():
        yield Text("Enabled", "启用条件"), _switch(catalogue, entry, name, values)
    if any(entry.releases):
        yield Text("Releases", "版本"), _releases(catalogue, entry)
    for row in catalogue.rows:
        if row.number in entry.rows:
            yield Text(f"Row {row.number}", f"第 {row.number} 行"), _printed(row, language)
    if not entry.rows:
        yield Text("Row", "行"), Text("none: the table does not have this entry", "无：表中没有此条目")
    for erratum in entry.errata:
        cell, sure = _CELL[erratum.cell].in_language(language), _CERTAINTY[erratum.certainty].in_language(language)
        printed = erratum.printed or Text("nothing", "空").in_language(language)
        correction = Text(
            f"{cell} of row {erratum.row}: printed {printed}; read as {erratum.read} ({sure}). {erratum.why.en}",
            f"第 {erratum.row} 行的{cell}：原文 {printed}；读作 {erratum.read}（{sure}）。{erratum.why.zh}",
        )
        yield Text("Erratum", "勘误"), correction
    if entry.prints_inbound:
        key = f"as_printed: [{entry.id}]"
        closed = Text(
            f"the inbound direction that the table prints stays closed; {key} in the file opens it",
            f"原文所列的入站部分不会开放；在部署文件中写 {key} 才会开放",
        )
        yield Text("Inbound", "入站"), closed
    if entry.source:
        yield Text("Source", "来源"), entry.source
    yield Text("In the file", "部署文件"), _in_the_file(catalogue, entry)
    if not needs_peer(catalogue, entry):
        yield Text("", ""), _peer_optional(entry)


def _printed(row: Row, language: str) -> str:
    nothing = Text("(empty)", "（空）").in_language(language)
    cells = [row.port or nothing, row.protocol, _printed_direction(row.direction, language), " ".join(row.hosts)]
    return ", ".join(filter(None, cells))


def _switch(catalogue: Catalogue, entry: Entry, name: str, values: Sequence[str]) -> Text:
    default = catalogue.features[entry.feature].settings[name].default
    none = Text("no default", "无默认值") if default is None else Text(f"default {default}", f"默认 {default}")
    return Text(f"by {name}: {' or '.join(values)} ({none.en})", f"{name}：{' 或 '.join(values)}（{none.zh}）")


def _releases(catalogue: Catalogue, entry: Entry) -> Text:
    first, last = (release_text(release) if release else None for release in entry.releases)
    key = catalogue.release_key
    if first and last:
        return Text(f"{key} {first} to {last}", f"{key} {first} 至 {last}")
    if first:
        return Text(f"{key} {first} and newer", f"{key} {first} 及更高")
    return Text(f"{key} up to {last}", f"{key} 至 {last} 为止")


def _in_the_file(catalogue: Catalogue, entry: Entry) -> str:
    """The lines of a deployment file that enable the entry, as YAML."""
    settings = catalogue.features[entry.feature].settings
    chosen = [f"{name}: {values[0]}" for name, values in entry.when.items() if settings[name].default not in values]
    feature = f"{{{entry.feature}: {{{', '.join(chosen)}}}}}" if chosen else entry.feature
    lines = ["interfaces:", f"  {next(iter(catalogue.interfaces))}: [{feature}]"]
    if needs_peer(catalogue, entry):
        lines += ["peers:", f"  {entry.role}: [{catalogue.roles[entry.role].example}]"]
    return "\n".join(lines)


def _peer_optional(entry: Entry) -> Text:
    if entry.networks:
        instead = Text("the networks above", "上述网段")
    elif entry.hostnames:
        instead = Text("the host names above", "上述主机名")
    else:
        instead = Text("any", "any")
    return Text(
        f"peers.{entry.role} overrides the default: {instead.en}",
        f"可在 peers.{entry.role} 中另行指定；未指定时为{instead.zh}",
    )
