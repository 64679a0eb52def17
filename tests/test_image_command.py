"""`marketplace image`: what it asks of Docker, what it prints, and what it says where it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from components.aws.registry import ecr_address
from toolkit.cli import app
from toolkit.commands.image import command

REPOSITORY = "123456789012.dkr.ecr.us-east-1.amazonaws.com/marketplace"
DIGEST = "sha256:" + "a" * 64
BUILDS = """#!/bin/sh
[ "$2" = version ] && exit {buildx}
printf '%s\\n' "$@" >"{asked}"
env >"{asked}-with"
while [ "$1" != --metadata-file ]; do shift; done
printf '{metadata}' >"$2"
exit {code}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return tmp_path


def docker(
    folder: Path, *, metadata: str = json.dumps({"containerimage.digest": DIGEST}), code: int = 0, buildx: int = 0
) -> None:
    script = folder / "bin" / "docker"
    script.write_text(BUILDS.format(asked=folder / "asked", metadata=metadata, code=code, buildx=buildx))
    script.chmod(0o755)


def run(folder: Path, *options: str) -> int:
    with pytest.raises(SystemExit) as ended:
        app(["image", REPOSITORY, "--project", str(folder), *options])
    return int(ended.value.code or 0)


def test_an_image_is_one_manifest_for_the_processor_that_everything_runs_on() -> None:
    asked = command(f"{REPOSITORY}:1", Path("metadata.json"), Path())
    assert asked == [
        *("docker", "buildx", "build", "--platform", "linux/arm64", "--provenance=false", "--sbom=false"),
        *("--metadata-file", "metadata.json", "--tag", f"{REPOSITORY}:1"),
        *("--output", "type=image,push=true,oci-mediatypes=false", "."),
    ]


def test_the_scorer_is_built_for_the_machines_that_models_run_on(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    docker(folder)
    assert run(folder, "--scorer") == 0
    asked = (folder / "asked").read_text().split()
    assert asked[asked.index("--platform") + 1] == "linux/amd64"
    assert f"{REPOSITORY}:latest-scorer" in asked
    address = capfd.readouterr().out.splitlines()[-1].removeprefix("pulumi config set marketplace:scorerImage ")
    assert address == f"{REPOSITORY}@{DIGEST}"


def test_what_was_pushed_is_printed_as_the_setting_of_the_stack(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    docker(folder)
    assert run(folder, "--tag", "7") == 0
    assert (folder / "asked").read_text().split()[-5:-2] == ["--tag", f"{REPOSITORY}:7", "--output"]
    address = capfd.readouterr().out.splitlines()[-1].removeprefix("pulumi config set marketplace:image ")
    assert address == f"{REPOSITORY}@{DIGEST}"
    assert ecr_address(address)


def test_docker_signs_in_as_the_person_who_asks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker(folder)
    monkeypatch.setenv("AWS_PROFILE", "work")
    assert run(folder) == 0
    assert "AWS_PROFILE=work" in (folder / "asked-with").read_text().splitlines()


def test_programs_get_the_setting_as_json(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    docker(folder)
    assert run(folder, "--json") == 0
    assert json.loads(capfd.readouterr().out) == {"marketplace:image": f"{REPOSITORY}@{DIGEST}"}


def test_without_docker_it_says_what_to_install(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(folder / "bin"))
    assert run(folder) == 1
    said = capfd.readouterr().err
    assert "docker is not installed, or not on PATH" in said
    assert "Install Docker with buildx" in said


def test_a_docker_without_buildx_is_told_apart(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    docker(folder, buildx=1)
    assert run(folder) == 1
    assert "docker's buildx is not installed" in capfd.readouterr().err


def test_a_repository_comes_without_a_tag(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    docker(folder)
    with pytest.raises(SystemExit):
        app(["image", f"{REPOSITORY}:1", "--project", str(folder)])
    assert "has a tag or a digest" in capfd.readouterr().err


def test_a_failed_build_is_one_error_and_no_setting(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    docker(folder, code=17)
    assert run(folder) == 1
    said = capfd.readouterr()
    assert "exit code 17" in said.err
    assert "docker login" in said.err
    assert "pulumi config" not in said.out


def test_a_docker_that_names_no_digest_is_refused(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    docker(folder, metadata="{}")
    assert run(folder) == 1
    assert "Update Docker" in capfd.readouterr().err


def test_another_folder_is_refused_before_docker_is_asked(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    docker(folder)
    (folder / "Dockerfile").unlink()
    assert run(folder) == 1
    assert "there is no Dockerfile in" in capfd.readouterr().err
    assert not (folder / "asked").exists()
