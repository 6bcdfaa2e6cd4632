#!/bin/sh
# Reads two lines, says which they were, and ends.
echo ready
read -r first
read -r second
echo "got $first and $second"
