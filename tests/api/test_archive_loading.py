"""What keeps the archive's library from being loaded, told before and after trying."""

from pathlib import Path

import pytest

from tests.api.standin.building import a_standin_library as a_standin_library
from tests.api.standin.building import build
from wecrm.api.archive import loading, native
from wecrm.api.archive.loading import Machine
from wecrm.errors import ConfigError

INTEL = Machine("linux", "x86_64", "glibc 2.36")


def elf(processor: int) -> bytes:
    """The beginning of a 64-bit little-endian ELF file."""
    return b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00" + processor.to_bytes(2, "little") + bytes(100)


@pytest.mark.parametrize(
    ("content", "machine", "why"),
    [
        (b"", INTEL, "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", INTEL, "pointer to a large file"),
        (b"<html>not found</html>", INTEL, "not a Linux library"),
        (b"\x7fELF", INTEL, "not a Linux library"),
        (b"MZ\x90\x00" + bytes(100), INTEL, "for Windows"),
        (elf(183), INTEL, "made for arm64, this machine is x86_64"),
        (elf(62), Machine("linux", "aarch64", "glibc 2.36"), "made for x86-64, this machine is aarch64"),
        (elf(3), INTEL, "32 bits"),
        (elf(62), Machine("linux", "x86_64", ""), "musl"),
        (elf(62), Machine("darwin", "arm64", ""), "no library for this system"),
        (elf(62), Machine("win32", "AMD64", ""), "not a Windows library"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_explained(tmp_path: Path, content: bytes, machine: Machine, why: str) -> None:
    path = tmp_path / "libWeWorkFinanceSdk_C.so"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        loading.examine(str(path), machine)
    assert why in caught.value.why
    assert str(path) in caught.value.what
    assert "91774" in caught.value.fix


def test_a_missing_file_and_a_missing_setting_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no archive library at"):
        loading.examine(str(tmp_path / "gone.so"), INTEL)
    with pytest.raises(ConfigError, match="names no library"):
        loading.examine("", INTEL)


def test_the_machine_of_a_fitting_file_is_accepted_and_its_hash_told(tmp_path: Path) -> None:
    path = tmp_path / "lib.so"
    path.write_bytes(elf(183))
    found = loading.examine(str(path), Machine("linux", "aarch64", "glibc 2.36"))
    assert len(found.sha256) == 64
    assert found.version == ""


def settings(library: Path) -> native.Settings:
    return native.Settings(str(library), "wwcorp", "S3CRET")


@pytest.fixture
def compiled(standin_library: Path, tmp_path: Path):
    """Libraries of one's own making."""

    def make(name: str, text: str, *options: str) -> Path:
        source = tmp_path / f"{name}.c"
        source.write_text(text)
        library = build(tmp_path, source, *options)
        assert library is not None
        return library

    return make


def test_a_missing_dependency_is_named(compiled, tmp_path: Path) -> None:
    compiled("needed", "int needed(void) { return 1; }")
    library = compiled("needing", "int needed(void); int x(void) { return needed(); }", f"-L{tmp_path}", "-lneeded")
    (tmp_path / "libneeded.so").unlink()
    with pytest.raises(ConfigError) as caught:
        native.source(settings(library))
    assert "libneeded.so" in caught.value.why
    assert "Install" in caught.value.fix


def test_a_library_of_something_else_lacks_the_functions(compiled) -> None:
    with pytest.raises(ConfigError) as caught:
        native.source(settings(compiled("other", "int other(void) { return 1; }")))
    assert "NewSdk" in caught.value.why


def test_a_library_that_ends_its_process_is_an_error_of_one_sentence(compiled) -> None:
    text = "#include <stdlib.h>\n__attribute__((constructor)) static void gone(void) { abort(); }"
    with pytest.raises(ConfigError) as caught:
        native.source(settings(compiled("fatal", text)))
    assert "ends its process" in caught.value.why
