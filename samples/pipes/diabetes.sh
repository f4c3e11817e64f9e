#!/bin/sh
# The same model twice: by a script, which leaves its weights in a file; and step by step in a shell loop, in which the file of
# the weights is both read and written.
set -eu
cd "$(dirname "$0")"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

table=../diabetes.csv
columns=age,sex,bmi,bp,tc,ldl,hdl,tch,ltg,glu

gradcli run diabetes.grad --const-data "X=$table:$columns" --const-data "progression=$table:progression" --out "$folder/fit.npz"

gradcli eval 'zeros(10)' --out "$folder/w.npy" > "$folder/log"
gradcli eval '(X - X.mean(dim=0)) / X.std(dim=0)' --const-data "X=$table:$columns" --out "$folder/X.npy" > "$folder/log"
for step in 1 2 3 4 5; do
    gradcli eval 'loss = ((X @ w + progression.float().mean() - progression)**2).mean()' 'loss.backward()' 'print(loss.item())' \
        'w.detach() - 0.1*w.grad' --data "w=$folder/w.npy" --const-data "X=$folder/X.npy" \
        --const-data "progression=$table:progression" --out "$folder/w.npy" > "$folder/log"
    printf 'step %d  loss %9.2f\n' "$step" "$(head -n 1 "$folder/log")"
done

gradcli eval 'print(f"after 5 steps no weight is off by more than {(v - w).abs().max().item():.0f}")' \
    --const-data "v=$folder/w.npy" --const-data "w=$folder/fit.npz:w"
