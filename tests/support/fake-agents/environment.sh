#!/bin/sh
# What it was given: environment, descriptors, mode mask; then its token, which no transcript may show.
env
ls -l /proc/$$/fd | sed 's/^/fd /'
cat "$1"
