from gradcli.errors import *
def syntax_fault(parser, source, tokens, failed_at, states, bad):
    e=SyntaxFault("bad "+repr(tokens.texts[failed_at]),span=Span(tokens.starts[failed_at],tokens.ends[failed_at]));e.source=source
    return e
