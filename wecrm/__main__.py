"""The entry point: answers `--version` and a shell's completion before anything heavy is imported."""

import sys


def main() -> None:
    """Run the command line of this process and exit with its code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from wecrm import __version__

        sys.stdout.write(f"wecrm {__version__}\n")
        sys.exit(0)
    if sys.argv[1:2] == ["__complete"]:
        from wecrm.cli.complete import main as complete

        complete(sys.argv[2:])
        sys.exit(0)
    from wecrm.cli.main import main as run_process

    sys.exit(run_process(sys.argv[1:]))


if __name__ == "__main__":
    main()
