#!/bin/sh
# Computes in a child until it is told to stop, says so, and then waits.
echo "agent $HEPH_AGENT_ID"
(while :; do :; done) &
read -r line
kill $!
wait 2>/dev/null
printf 'half a line'
read -r line
