#!/bin/sh
# Ignores what a polite stop sends; its children inherit that.
trap '' HUP TERM
echo ready
while :; do sleep 1; done
