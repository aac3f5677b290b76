from __future__ import annotations

import resource
from pathlib import Path

import pytest

from upbit.io.private import add, make_folder, remove, replace


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_file_is_replaced_whole_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch(0o644)
    replace(path, b"new")
    assert (b"new", 0o600, ["file"]) == (path.read_bytes(), path.stat().st_mode & 0o777, names(tmp_path))


def test_a_file_is_added_only_where_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert add(path, b"first")
    assert not add(path, b"second")
    assert (b"first", 0o600, ["file"]) == (path.read_bytes(), path.stat().st_mode & 0o777, names(tmp_path))
    remove(path)
    remove(path)
    assert [] == names(tmp_path)


def test_what_cannot_be_put_in_place_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        replace(tmp_path / "folder", b"new")
    assert ["folder"] == names(tmp_path)


def test_what_cannot_be_written_leaves_what_was(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        for put in (replace, add):
            with pytest.raises(OSError, match="large"):
                put(path, b"new" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (b"old", ["file"]) == (path.read_bytes(), names(tmp_path))


def test_folders_are_made_for_their_owner_and_those_that_are_there_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir(0o755)
    make_folder(tmp_path / "a" / "b" / "c")
    modes = [(tmp_path / one).stat().st_mode & 0o777 for one in ("a", "a/b", "a/b/c")]
    assert [0o755, 0o700, 0o700] == modes
