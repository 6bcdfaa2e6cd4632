#!/bin/sh
# Says who it is, waits for a line, repeats it, and ends with 3.
echo "agent $HEPH_AGENT_ID"
read -r line
echo "got $line"
exit 3
