"""`python -m pellucid`."""

from pellucid.cli.app import main

main()
