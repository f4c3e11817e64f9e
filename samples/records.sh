# The squared error of each record and its gradient, and then its size again: what comes out of gradcli can go in, since fields
# that the statements do not mention are left out.
errors() { gradcli eval '(sum(w*x) - y)**2' --let 'w=[0.5,-0.25]' --const x --const y --input -; }

errors < samples/records.jsonl
errors < samples/records.jsonl | gradcli eval 'sqrt(value)' --no-grad --input -
