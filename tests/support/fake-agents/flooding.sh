#!/bin/sh
# Fifty megabytes, then waits to be looked at.
yes 0123456789abcdef | head -c 52428800
echo flooded
read -r line
