"""The runs of a plan do not disturb each other."""

from __future__ import annotations

import pytest

from tests.engine.conftest import WriteProgram
from toolkit.engine.planning import plan
from toolkit.errors import ToolkitError


def test_a_program_that_fills_a_folder_is_planned(program: WriteProgram) -> None:
    made = plan(
        program(
            """
            import os, shutil, time

            shutil.rmtree("build", ignore_errors=True)
            time.sleep(0.5)
            os.mkdir("build")
            time.sleep(1)
            open("build/index.html", "w").write("hello")
            aws.s3.BucketObjectv2("site", bucket="shop", source=pulumi.FileArchive("build"))
            """
        )
    )
    assert "site" in {resource.name for resource in made.resources}


def test_a_file_that_cannot_be_read_is_refused(program: WriteProgram) -> None:
    with pytest.raises(ToolkitError, match=r"/proc/self/mem cannot be read"):
        plan(program('aws.s3.BucketObjectv2("site", bucket="shop", source=pulumi.FileAsset("/proc/self/mem"))'))


def test_what_a_quiet_run_printed_before_it_died_is_shown(
    program: WriteProgram, capfd: pytest.CaptureFixture[str]
) -> None:
    source = """
    import os, sys

    if pulumi.runtime.is_dry_run():
        print("out of luck", file=sys.stderr, flush=True)
        os._exit(1)
    """
    with pytest.raises(ToolkitError, match="ended before it was done"):
        plan(program(source))
    assert "out of luck" in capfd.readouterr().err
