from __future__ import annotations

from pathlib import Path

import pytest

from upbit.trading.home import home


@pytest.mark.parametrize(
    ("environ", "platform", "folder"),
    [
        ({"UPBIT_STATE_DIR": "/s", "XDG_STATE_HOME": "/x", "HOME": "/h"}, "linux", "/s"),
        ({"XDG_STATE_HOME": "/x", "HOME": "/h"}, "linux", "/x/upbit-client"),
        ({"XDG_STATE_HOME": "relative", "HOME": "/h"}, "linux", "/h/.local/state/upbit-client"),
        ({"UPBIT_STATE_DIR": "", "HOME": "/h"}, "linux", "/h/.local/state/upbit-client"),
        ({"HOME": "/h"}, "darwin", "/h/Library/Application Support/upbit-client"),
        ({"HOME": "/h", "LOCALAPPDATA": "/l"}, "win32", "/l/upbit-client"),
        ({"HOME": "/h"}, "win32", "/h/AppData/Local/upbit-client"),
    ],
)
def test_each_key_has_a_folder_where_the_system_keeps_such_things(
    environ: dict[str, str], platform: str, folder: str
) -> None:
    found = home("an access key", environ, platform)
    assert Path(folder) == found.parent
    assert "access" not in found.name
    assert 16 == len(found.name)
    assert found != home("another access key", environ, platform)
    assert found == home("an access key", environ, platform)
