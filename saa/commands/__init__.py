"""The commands of `saa`, one file each; heavy imports wait until a command is given."""
