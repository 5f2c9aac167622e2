"""Folders that are written whole or not at all."""

import secrets
import shutil
from contextlib import contextmanager
from pathlib import Path


def check_folder(folder, force=False):
    """Raise OSError, one sentence, unless a run can be saved in the new `folder`.

    An existing one is refused, or with `force` only refused if it is neither empty nor a run.
    """
    folder = Path(folder)
    if folder.exists():
        if not folder.is_dir():
            raise FileExistsError(f"the output folder must not be a file (got {folder}); name another")
        if any(folder.iterdir()) and not force:
            raise FileExistsError(f"{folder} exists already; name another folder or replace it with --force")
        if any(folder.iterdir()) and not (folder / "about.json").exists():
            raise FileExistsError(f"{folder} holds something else than a run; name another folder")
    with saving(folder):
        folder.absolute().parent.mkdir(parents=True, exist_ok=True)
        partial_folder(folder).rmdir()


@contextmanager
def new_folder(folder, force=False):
    """Yield a hidden folder beside `folder` that takes its name once the block has ended without error."""
    check_folder(folder, force)
    with saving(folder):
        partial = partial_folder(folder)
        try:
            yield partial
            replace_folder(Path(folder), partial)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise


def partial_folder(folder):
    """Return a new, empty, hidden folder beside `folder`."""
    folder = Path(folder).absolute()
    partial = folder.with_name(f".{folder.name}-{secrets.token_hex(4)}")
    partial.mkdir()
    return partial


def replace_folder(folder, partial):
    """Give `partial` the name `folder`; what stood there goes last, so that no moment has neither."""
    if not folder.exists():
        partial.rename(folder)
        return
    old = partial.with_name(partial.name + "-old")
    folder.rename(old)
    partial.rename(folder)
    shutil.rmtree(old)


@contextmanager
def saving(folder):
    """Turn an OSError in the block into one sentence about `folder`."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(f"nothing was saved in {folder} ({reason}); make room or name another") from error
