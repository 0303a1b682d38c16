"""Run the command line with ``python -m daihou``."""

from daihou.cli.main import run

run()
