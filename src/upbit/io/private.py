"""Files that only their owner reads: folders of mode 0700, files of mode 0600, each whole and on disk or not at all.

Whoever is killed, or loses power, at any moment leaves the old content or the new one, never half of it. Nothing here
knows what is in a file.
"""

from __future__ import annotations

import os
from contextlib import suppress
from errno import EACCES
from pathlib import Path
from tempfile import mkstemp


def make_folder(path: Path) -> None:
    """Make a folder and those above it that are missing. One that is there already keeps its mode."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    sync_folder(path.parent)


def create(path: Path) -> None:
    """Make an empty file where there is none; take one that is there from everybody but its owner.

    A file that is there is not opened: a process that closes a file gives up all its locks on it.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    else:
        sync_folder(path.parent)


def read(path: Path) -> bytes:
    """Read a file that nobody but its owner can. Raises PermissionError when others can, OSError when it cannot be."""
    with path.open("rb") as file:
        if os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o077:  # elsewhere the mode says nothing
            raise PermissionError(EACCES, f"others than its owner can use it; chmod 600 {path}")
        return file.read()


def replace(path: Path, content: bytes) -> None:
    """Give a file a new content, at once."""
    draft = _written(path, content)
    try:
        draft.replace(path)
    except OSError:
        draft.unlink()
        raise
    sync_folder(path.parent)


def add(path: Path, content: bytes) -> bool:
    """Make a file with a content, at once; False, and nothing is done, when there is one already."""
    draft = _written(path, content)
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    sync_folder(path.parent)
    return True


def remove(path: Path) -> None:
    """Take a file away, if it is there."""
    path.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Bring to disk which files a folder has; nothing where the system knows no such thing."""
    with suppress(PermissionError):  # Windows opens no folders
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _written(path: Path, content: bytes) -> Path:
    """Write a content beside a file, onto the disk."""
    handle, name = mkstemp(prefix=f".{path.name}.", dir=path.parent)  # its mode is 0600
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        draft.unlink()
        raise
    return draft
