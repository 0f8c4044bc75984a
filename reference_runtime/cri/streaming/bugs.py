"""The deliberate faults of the streams: what ``--bug`` of the CRI server hands on to the streaming server."""

BUGS: dict[str, str] = {
    "cri-stream-stderr-mixed": "what a program writes to standard error comes on standard output",
    "cri-stream-stdout-lost": "standard output is not sent",
    "cri-stream-status-zero": "each program seems to have ended with status 0",
    "cri-stream-status-missing": "the stream for errors is closed without a status",
    "cri-stream-error-missing": "a program that can not be started is reported as a success",
    "cri-stream-resize-ignored": "the terminal keeps its size",
    "cri-stream-resize-swapped": "width and height of the terminal are swapped",
    "cri-stream-stdin-kept-open": "a program never sees that its standard input was closed",
    "cri-stream-stdin-ignored": "standard input does not reach the program",
    "cri-stream-stdin-closes-all": "output is lost once standard input was closed",
    "cri-stream-truncated": "output ends after 64 KiB",
    "cri-stream-tty-ignored": "no terminal is made",
    "cri-stream-token-reusable": "an URL can be used more than once",
    "cri-attach-silent": "what an attached container writes is not sent",
    "cri-forward-next-port": "connections go to the port after the one asked for",
    "cri-forward-host": "connections go to the network namespace of the server",
    "cri-forward-error-missing": "a refused connection is not reported",
    "cri-forward-half-close-lost": "the end of what a client sends is not passed on",
}
