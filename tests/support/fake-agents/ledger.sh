#!/bin/sh
# Writes one line for each time it is started.
echo "$$" >> "$1/$HEPH_AGENT_ID"
: > "$1/started"
echo started
read -r line
