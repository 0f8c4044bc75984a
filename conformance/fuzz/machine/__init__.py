"""Lives of containers that were drawn: histories of operations, disasters, and misused command lines."""
