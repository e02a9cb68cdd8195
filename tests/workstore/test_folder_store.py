import errno
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.errors import WorkStoreError, WorkStoreFullError
from jobs.workstore.store import FolderStore


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "work"


@pytest.fixture
def store(root: Path) -> FolderStore:
    return FolderStore(root)


def everything_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_what_was_put_is_read_whole_and_in_ranges(store: FolderStore) -> None:
    store.put("12/rows/1.seg", b"0123456789")
    assert store.read("12/rows/1.seg") == b"0123456789"
    assert store.read_range("12/rows/1.seg", 3, 4) == b"3456"
    assert store.read_range("12/rows/1.seg", 10, 0) == b""
    assert store.size("12/rows/1.seg") == 10


def test_putting_again_replaces_the_content_and_leaves_no_other_file(
    store: FolderStore, root: Path
) -> None:
    store.put("12/a", b"a long first content")
    store.put("12/a", b"new")
    assert store.read("12/a") == b"new"
    assert everything_in(root) == {"12/a"}


def test_put_writes_everything_when_the_system_takes_a_part_at_a_time(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, bytes(data)[:3]))
    store.put("a", b"0123456789")
    monkeypatch.undo()
    assert store.read("a") == b"0123456789"


def test_put_has_content_and_folders_on_disk_before_it_returns(
    store: FolderStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def noted_fsync(descriptor: int) -> None:
        steps.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    def noted_replace(source: str, target: Path) -> None:
        steps.append(f"replace {target}")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "replace", noted_replace)
    store.put("12/a", b"x")
    assert [step for step in steps if ".part-" not in step] == [
        str(root.parent),
        str(root),
        f"replace {root}/12/a",
        str(root / "12"),
    ]
    assert ".part-" in steps[2]


def test_reader_beside_a_writer_sees_one_content_or_the_other(store: FolderStore) -> None:
    contents = [b"a" * 100_000, b"b" * 50_000]
    store.put("12/a", contents[0])
    done = threading.Event()

    def write_in_turns() -> None:
        for turn in range(60):
            store.put("12/a", contents[turn % 2])
        done.set()

    writer = threading.Thread(target=write_in_turns)
    writer.start()
    seen = set()
    while not done.is_set():
        seen.add(store.read("12/a"))
    writer.join()
    assert seen <= set(contents)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("step", ["write", "fsync"])
def test_full_disk_says_so_keeps_the_old_content_and_leaves_nothing_behind(
    store: FolderStore, root: Path, monkeypatch: pytest.MonkeyPatch, step: str, code: int
) -> None:
    store.put("12/a", b"old")

    def refuse(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, step, refuse)
    with pytest.raises(WorkStoreFullError, match="full") as caught:
        store.put("12/a", b"new")
    monkeypatch.undo()
    assert caught.value.retryable
    assert store.read("12/a") == b"old"
    assert everything_in(root) == {"12/a"}


def test_other_trouble_of_the_disk_is_told_with_its_reason(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(WorkStoreError, match="Input/output error") as caught:
        store.put("12/a", b"new")
    assert not isinstance(caught.value, WorkStoreFullError)


def test_root_that_is_a_file_gives_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "work").write_bytes(b"")
    with pytest.raises(WorkStoreError, match="can not be used"):
        FolderStore(tmp_path / "work").put("12/a", b"new")


@pytest.mark.parametrize("ask", ["read", "size"])
def test_missing_name_gives_a_sentence_with_the_name(store: FolderStore, ask: str) -> None:
    with pytest.raises(WorkStoreError, match="12/a is not in the work storage"):
        getattr(store, ask)("12/a")


def test_range_of_a_missing_name_gives_the_same_sentence(store: FolderStore) -> None:
    with pytest.raises(WorkStoreError, match="12/a is not in the work storage"):
        store.read_range("12/a", 0, 1)


def test_range_beyond_the_end_gives_a_sentence_and_no_short_answer(store: FolderStore) -> None:
    store.put("12/a", b"0123")
    with pytest.raises(WorkStoreError, match="ends at byte 4, but is needed up to byte 6"):
        store.read_range("12/a", 2, 4)


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../a", "12/../../a", "12//a", "12/", ".", "12/.part-x", "a\0b"],
)
def test_name_that_leads_elsewhere_is_refused_by_every_method(
    store: FolderStore, root: Path, name: str
) -> None:
    for call in (
        lambda: store.put(name, b"x"),
        lambda: store.read(name),
        lambda: store.read_range(name, 0, 1),
        lambda: store.size(name),
    ):
        with pytest.raises(ValueError, match="not a name"):
            call()
    assert not root.exists()


@pytest.mark.parametrize("prefix", ["..", "../other", "/", "12/..", "//"])
def test_prefix_that_leads_elsewhere_is_refused(store: FolderStore, prefix: str) -> None:
    with pytest.raises(ValueError, match=r"not a name|empty prefix"):
        store.delete(prefix)
    if prefix != "/":
        with pytest.raises(ValueError, match="not a name"):
            list(store.list(prefix))


def test_list_has_finished_names_under_the_prefix_only(store: FolderStore, root: Path) -> None:
    for name in ("12/rows/2", "12/rows/1", "12/rows.txt", "123/x", "1"):
        store.put(name, b"")
    (root / "12" / ".part-killed").write_bytes(b"half")
    assert list(store.list("12")) == ["12/rows.txt", "12/rows/1", "12/rows/2"]
    assert list(store.list("12/")) == list(store.list("12"))
    assert list(store.list("12/rows/1")) == ["12/rows/1"]
    assert list(store.list("")) == ["1", "12/rows.txt", "12/rows/1", "12/rows/2", "123/x"]


def test_list_where_nothing_is_gives_nothing(store: FolderStore) -> None:
    assert list(store.list("12")) == []
    assert list(store.list("")) == []


def test_delete_takes_all_under_the_prefix_and_nothing_beside_it(
    store: FolderStore, root: Path
) -> None:
    for name in ("12/rows/1", "12/results/1", "123/x"):
        store.put(name, b"")
    (root / "12" / "rows" / ".part-killed").write_bytes(b"half")
    store.delete("12/")
    assert everything_in(root) == {"123/x"}
    assert not (root / "12").exists()
    store.delete("12")
    store.delete("123/x")
    assert everything_in(root) == set()


def test_delete_of_everything_needs_more_than_an_empty_prefix(store: FolderStore) -> None:
    store.put("12/a", b"x")
    with pytest.raises(ValueError, match="empty prefix"):
        store.delete("")
    assert store.read("12/a") == b"x"


names = st.lists(
    st.text("ab0-.", min_size=1, max_size=3).filter(lambda part: not part.startswith(".")),
    min_size=1,
    max_size=3,
).map("/".join)


@given(st.dictionaries(names, st.binary(max_size=50), max_size=6))
def test_list_is_sorted_as_an_object_storage_would(
    tmp_path_factory: pytest.TempPathFactory, contents: dict[str, bytes]
) -> None:
    store = FolderStore(tmp_path_factory.mktemp("work"))
    kept: dict[str, bytes] = {}
    for name, data in contents.items():
        is_folder_of_another = any(other.startswith(f"{name}/") for other in kept)
        is_under_a_file = any(name.startswith(f"{other}/") for other in kept)
        if not is_folder_of_another and not is_under_a_file:
            store.put(name, data)
            kept[name] = data
    assert list(store.list("")) == sorted(kept)
    assert {name: store.read(name) for name in kept} == kept
