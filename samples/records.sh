# The logistic loss of each record and its gradient, and then the likelihood that belongs to each loss: what comes out of gradcli
# can go in again, since fields that the statements do not mention are left out.
losses() { gradcli eval 'F.softplus(-y * sum(w*x))' --let 'w=[0.5,-0.25]' --const x --const y --input -; }

losses < samples/records.jsonl
losses < samples/records.jsonl | gradcli eval 'exp(-value)' --no-grad --input -
