import errno
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
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
    with pytest.raises(WorkStoreError, match="cannot be used"):
        FolderStore(tmp_path / "work").put("12/a", b"new")


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


names = st.lists(
    st.text("ab0-.", min_size=1, max_size=3).filter(lambda part: not part.startswith(".")),
    min_size=1,
    max_size=3,
).map("/".join)


@settings(deadline=None)  # each put waits for the disk
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


def test_delete_that_is_stopped_early_has_removed_something_and_goes_on_later(
    store: FolderStore, root: Path
) -> None:
    for number in range(3):
        store.put(f"12/{number}", b"")
    assert [store.delete("12", stop=lambda: True) for _ in range(3)] == [False, False, False]
    assert store.delete("12", stop=lambda: True)
    assert not (root / "12").exists()


def test_unfinished_files_are_not_listed(store: FolderStore, root: Path) -> None:
    store.put("12/a", b"")
    (root / "12" / ".part-killed").write_bytes(b"half")
    assert list(store.list("12")) == ["12/a"]
