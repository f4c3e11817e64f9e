"""Reports: PyTorch's text, JSON records, terminal views and diagnostics of values, gradients, graphs and errors."""
