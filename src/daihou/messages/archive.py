"""Lines of the archive."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    "archive.place_unknown": (
        "DAIHOU_ARCHIVE 应为空或以 s3:// 开头，现为 {place}。",
        "DAIHOU_ARCHIVE has to be empty or begin with s3://, not {place}.",
    ),
    "archive.store_failed": (
        "存储服务未能完成：{text}。",
        "The store could not do it: {text}.",
    ),
    "archive.active_content": (
        "文件内含脚本、宏或附带的其他文件，未收存。",
        "The file carries a script, macros or other files; it was not stored.",
    ),
    "archive.bomb": (
        "文件展开后过大，未收存。",
        "The file would be far too large unpacked; it was not stored.",
    ),
    "archive.packed": (
        "不收压缩包；请逐个上传其中的文件。",
        "Archives are not taken; upload the files in it one by one.",
    ),
    "archive.content_missing": (
        "存储中没有内容 {digest}；请运行 daihou files verify。",
        "The store has no content {digest}; run daihou files verify.",
    ),
    "archive.empty": ("文件是空的。", "The file is empty."),
    "archive.executable": ("不收可执行文件。", "Programs are not taken."),
    "archive.name_refused": (
        "文件名须为 1 至 {most} 个可显示字符。",
        "A file's name has 1 to {most} characters that can be shown.",
    ),
    "archive.no_owner": (
        "请说明文件属于哪笔贷款、哪位客户或其他对象。",
        "Say which loan, party or other thing the file belongs to.",
    ),
    "archive.none": ("没有附上文件。", "No file came with the request."),
    "archive.on_hold": (
        "文件处于冻结保全中，不能删除。",
        "The file is on legal hold and cannot be removed.",
    ),
    "archive.removed": ("文件已经删除。", "The file has been removed."),
    "archive.retained": (
        "保存期限未满（{until}），不能删除。",
        "The file has to be kept (through {until}) and cannot be removed.",
    ),
    "archive.script": ("不收网页和脚本。", "Web pages and scripts are not taken."),
    "archive.too_large": (
        "文件超过 {most_mb} MB。",
        "The file is larger than {most_mb} MB.",
    ),
    "archive.type_unknown": (
        "认不出文件的类型，未收存。",
        "The file is of no type that is taken; it was not stored.",
    ),
    "archive.wrong_extension": (
        "扩展名 {extension} 与内容（{found}）不符。",
        "The extension {extension} does not fit the content ({found}).",
    ),
    "files.damaged": (
        "{missing} 个内容缺失，{damaged} 个已损坏。",
        "{missing} contents are missing and {damaged} are damaged.",
    ),
    "hold.lifted_already": ("保全已经解除。", "The hold was lifted already."),
    "hold.reason_missing": (
        "请写明理由，不超过 {most} 字。",
        "Give a reason of at most {most} characters.",
    ),
    "link.unknown": ("本账簿中没有 {target}。", "This book has no {target}."),
}
