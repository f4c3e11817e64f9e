#!/bin/sh
# How fast does coffee cool? The readings come as JSON from a server, here from a file; jq picks the numbers out of it and out
# of gradcli's records; each turn is a step of Newton's method for the rate.
set -eu
cd "$(dirname "$0")"

answer=$(curl -s "file://$PWD/readings.json")
minutes=$(printf %s "$answer" | jq -c .readings.minutes)
celsius=$(printf %s "$answer" | jq -c .readings.celsius)

rate=0.02
for turn in 1 2 3 4 5; do
    record=$(gradcli eval 'cup = room + (celsius[0] - room)*exp(-k*minutes)' 'mean((cup - celsius)**2)' \
        --let "k=$rate" --const room=21 --const "minutes=$minutes" --const "celsius=$celsius" \
        --dtype float64 --hessian k --json)
    loss=$(printf %s "$record" | jq .value)
    slope=$(printf %s "$record" | jq .grads.k.value)
    curvature=$(printf %s "$record" | jq .hessian.k.k.value)
    rate=$(gradcli eval 'k - slope/curvature' --dtype float64 --json \
        --const "k=$rate" --const "slope=$slope" --const "curvature=$curvature" | jq .value)
    printf 'turn %d  squared error %8.4f  rate %.5f a minute\n' "$turn" "$loss" "$rate"
done
