#!/bin/sh
# Hides: one child in a session of its own, one whose parent is gone, one without its environment. All ignore the polite stop.
setsid sh -c 'trap "" HUP TERM; echo "pid $$"; while :; do sleep 1; done' &
sh -c 'sh -c "trap \"\" HUP TERM; echo pid \$\$; while :; do sleep 1; done" &'
env -i PATH="$PATH" sh -c 'trap "" HUP TERM; echo "pid $$"; while :; do sleep 1; done' &
wait
